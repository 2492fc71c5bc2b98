/** A door that is opened and closed: closed, the element is out of the page, and with it camera and worker. */
import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowRecogniser } from './brow-recogniser.jsx';
import './main.css';

function App() {
  const [open, setOpen] = useState(false);
  const [who, setWho] = useState('');
  const toggle = () => {
    setOpen(!open);
    setWho('');
  };
  return (
    <>
      <h1>React with Brow</h1>
      <button type="button" onClick={toggle}>{open ? 'Close the door' : 'Open the door'}</button>
      {open && (
        <BrowRecogniser running store="door" onMatch={({ detail }) => setWho(detail.person.name)} onUnknown={() => setWho('somebody unknown')}
          onUndecided={({ detail }) => setWho(`not sure, ${detail.reason}`)}>
          <p>Brow needs a current browser.</p>
        </BrowRecogniser>
      )}
      <p role="status">{who && `Seen: ${who}`}</p>
    </>
  );
}

createRoot(document.querySelector('#app')).render(<StrictMode><App /></StrictMode>);
