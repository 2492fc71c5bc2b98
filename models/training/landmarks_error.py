"""Point errors on bare and on rendered masked faces, beside YuNet and BlazeFace.

    python landmarks_error.py NET.onnx LABELS.npz ... --blazeface BLAZEFACE.onnx --detector YUNET.onnx [--count N] [--all]

Only faces that training left out, all of them with --all, where the files hold no other, and whose labels are sure. Errors are in distances between the eyes, as in the
canonical face. The labels of bare faces are the two detectors' own mean, so on bare faces those two have an advantage.
"""

import argparse

import cv2
import numpy as np

from blazeface import BlazeFace
from landmarks_data import FaceSamples, blaze_bias, degrade, load
from landmarks_geometry import CANONICAL, similarity
from landmarks_measure import SecondLook, yunet_points
from render import render_mask


def four(points):
    return np.array([*points[:3], points[3:].mean(0)]) if len(points) == 5 else points


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("landmarks")
    parser.add_argument("labels", nargs="+")
    parser.add_argument("--blazeface", required=True)
    parser.add_argument("--detector", required=True)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--all", action="store_true", help="every face of the files, of which training saw none")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    samples = FaceSamples(args.labels, blaze_bias([load(p) for p in args.labels]), held_out=not args.all)
    net, blaze = SecondLook(args.landmarks), BlazeFace(args.blazeface)
    yunet = cv2.FaceDetectorYN.create(args.detector, "", (320, 320), 0.5, 0.3, 5000)
    rng = np.random.default_rng(1)
    rows = rng.permutation(samples.sure)[:args.count]
    for covered in (False, True):
        errors, lost = {}, {}
        for i in rows:
            image, truth = samples.picture(i).astype(np.float32), samples.points[i]
            if covered:
                image, _ = render_mask(image, truth, rng)
            image = degrade(image, rng) if rng.random() < 0.5 else image
            image = np.ascontiguousarray(np.clip(image, 0, 255).astype(np.uint8))
            unit = 35.24 * np.sqrt(abs(np.linalg.det(similarity(CANONICAL, truth)[:, :2])))
            face = blaze.central(image, 0.2)
            found = {"yunet": yunet_points(yunet, image)}
            found["blazeface, two looks"] = None if face is None else blaze.second_look(image, face)[4:12].reshape(4, 2)
            for passes in (1, 2):
                found[f"net, passes: {passes}"] = None if face is None else net(image, face[4:12].reshape(4, 2), passes)[0]
            found["net, two passes and mirrored"] = None if face is None else net(image, face[4:12].reshape(4, 2), 2, True)[0]
            for name, points in found.items():
                if points is None:
                    lost[name] = lost.get(name, 0) + 1
                else:
                    errors.setdefault(name, []).append(np.linalg.norm(four(points) - four(truth), axis=1) / unit)
        print(f"{'rendered masks' if covered else 'bare'}, {len(rows)} faces: right eye, left eye, nose, mouth middle; mean; 95 % of faces below; not found")
        for name, e in errors.items():
            e = np.array(e)
            print(f"  {name:30} {e.mean(0).round(3)} {e.mean():.4f} {np.percentile(e.mean(1), 95):.3f} {lost.get(name, 0)}")


if __name__ == "__main__":
    main()
