/** The guided capture by camera: frames go to the engine until it has what an enrolment needs. */
import { FrameLoop } from '../camera/camera.js';
import { BrowError } from '../words/errors.js';

/** @import { Camera } from '../camera/camera.js' */
/** @import { BrowClient } from '../client/client.js' */
/** @import { Enrolment, EnrolStep, MaskState } from '../types.js' */

/**
 * @typedef {object} CaptureOptions
 * @property {() => MaskState} [mask] what the person chose, asked for at every frame; without a mask if left out
 * @property {(step: EnrolStep) => void} [onstep] what to tell the person now
 * @property {AbortSignal} [signal] gives it up
 */

/**
 * Captures whoever is before the camera. What comes of it waits in the worker to be saved.
 * @param {{client: BrowClient, camera: Camera} & CaptureOptions} parts the camera is running
 * @returns {Promise<Enrolment>}
 * @throws {BrowError} the camera's faults and the engine's; the signal's reason
 */
export async function captureFace({ client, camera, mask = () => 'bare', onstep, signal }) {
  signal?.throwIfAborted();
  await client.beginEnrolment();
  /** @type {() => void} */
  let leave = () => {};
  try {
    await new Promise((resolve, reject) => {
      const loop = new FrameLoop(camera, async (frame) => {
        try {
          const step = await client.enrolFrame(frame, mask());
          if (!loop.running) return 1;
          onstep?.(step);
          if (step.done) resolve(undefined);
        } catch (error) {
          reject(error);
        }
        return 1;
      }, () => client.reads);
      const aborted = () => reject(signal?.reason);
      const failed = (/** @type {Event} */ event) => reject(new BrowError(/** @type {CustomEvent} */ (event).detail));
      const stopped = () => reject(new DOMException('the camera was stopped', 'AbortError'));
      leave = () => {
        loop.stop();
        signal?.removeEventListener('abort', aborted);
        camera.removeEventListener('fault', failed);
        camera.removeEventListener('stopped', stopped);
      };
      signal?.addEventListener('abort', aborted);
      camera.addEventListener('fault', failed);
      camera.addEventListener('stopped', stopped);
      if (signal?.aborted) aborted();
      else loop.start();
    });
  } finally {
    leave();
  }
  return client.finishEnrolment();
}
