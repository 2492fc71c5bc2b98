"""Lets a trained landmark network say where the points of really masked faces are.

    python landmarks_place.py LABELS.npz NET.onnx --weight W

The labellers err under real masks. The network, trained on rendered ones, looks at each face that is not bare from
several placings, mirrored and not; its mean is written back into LABELS.npz as `net` (5 x 2), with `net_weight`: W where
the looks agree and it is sure that this is a face, else 0. The next training places its crops by `net`, and learns it
as far as its weight says, which teaches the network to answer on real masks as its own steadier mean does.
"""

import argparse

import cv2
import numpy as np

from landmarks_data import load
from landmarks_geometry import CANONICAL, move, similarity
from landmarks_measure import SecondLook

LOOKS = ((0, 1.0, 0, 0), (6, 1.08, 0.03, -0.02), (-6, 0.93, -0.03, 0.02), (0, 1.0, 0.02, 0.04))  # turn, scale, shift


def steady_points(image, rough, net):
    """Mean of the looks (pixels of `image`), their deviation in eye distances of the crop, and the mean face logit."""
    start = net(image, rough, 2)[0]
    reach = np.linalg.norm(start[1] - start[0]) / 35.24 * 112
    found, logits = [], []
    for turn, scale, dx, dy in LOOKS:
        centre = start.mean(0)
        affine = cv2.getRotationMatrix2D(tuple(float(v) for v in centre), turn, scale)
        affine[:, 2] += np.array([dx, dy]) * reach
        for mirrored in (False, True):
            points, _, logit, _ = net.once(image, move(start, affine), mirrored)
            found.append(points)
            logits.append(logit)
    found = np.array(found)
    middle = found.mean(0)
    unit = np.sqrt(abs(np.linalg.det(similarity(CANONICAL, middle)[:, :2]))) * 35.24
    return middle, float(np.linalg.norm(found - middle, axis=2).mean() / unit), float(np.mean(logits))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels")
    parser.add_argument("landmarks")
    parser.add_argument("--weight", type=float, default=0.0)
    parser.add_argument("--agree", type=float, default=0.05, help="largest mean deviation of the looks, in eye distances")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    d, net = load(args.labels), SecondLook(args.landmarks)
    points = np.zeros((len(d["jpeg"]), 5, 2), np.float32)
    weight = np.zeros(len(points), np.float32)
    for i in np.nonzero(d["state"] != 0)[0]:
        image = cv2.imdecode(np.frombuffer(d["jpeg"][i], np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
        image = np.ascontiguousarray(image)
        rough = d["blaze"][i] if np.isfinite(d["blaze"][i]).all() else d["yunet"][i]
        points[i], apart, logit = steady_points(image, rough, net)
        weight[i] = args.weight if apart < args.agree and logit > 0 else 0
    np.savez(args.labels, **{**d, "net": points, "net_weight": weight})
    covered = d["state"] != 0
    print(f"{args.labels}: {covered.sum()} covered faces placed, {(weight > 0).sum()} of them steady")


if __name__ == "__main__":
    main()
