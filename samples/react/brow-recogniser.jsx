/** <brow-recogniser> as a component of React 19, which sets properties of elements and listens to their events by itself. */
import 'brow-recogniser';
import { useEffect, useRef } from 'react';

/**
 * `running`: whether the camera runs; `onMatch`, `onUnknown`, `onUndecided`, `onFault` get the events; `elementRef` the element, for `enrol()` and the
 * like. All else (`mode`, `store`, `presence`, ...) is a property of the element: docs/EMBEDDING.md.
 */
export function BrowRecogniser({ running = false, onMatch, onUnknown, onUndecided, onFault, elementRef, children, ...properties }) {
  const own = useRef(null);
  const element = elementRef ?? own;
  useEffect(() => {
    if (!running) return undefined;
    const { current } = element;
    // What is wrong is shown in the element and told to onFault.
    current.start().catch(() => {});
    // StrictMode does this once more than it seems, and start() may follow at once.
    return () => current.stop();
  }, [running, element]);
  return (
    <brow-recogniser ref={element} {...properties}
      onbrow-match={onMatch} onbrow-unknown={onUnknown} onbrow-undecided={onUndecided} onbrow-fault={onFault}>
      {children}
    </brow-recogniser>
  );
}
