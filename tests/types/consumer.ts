/** What a TypeScript program of somebody else's may write, and what it may not: compiled against the package, never run. */
import { BrowError, BrowRecogniser } from 'brow-recogniser';
import { BrowFrameError, connectBrow } from 'brow-recogniser/frame-host.js';

const made = document.createElement('brow-recogniser');
const found: BrowRecogniser | null = document.querySelector('brow-recogniser');
made.mode = 'verify';
made.rotation = 90;
made.targetFmr = null;
made.addEventListener('brow-match', ({ detail }) => {
  const name: string = detail.person.name;
  const margin: number | null = detail.score === null ? null : detail.score - detail.needed;
  console.log(name, margin, detail.mask.state === 'masked', detail.frames, detail.track);
  // @ts-expect-error no template in an event
  console.log(detail.template);
});
document.addEventListener('brow-fault', ({ detail }) => console.log(detail.code, detail.message, detail.remedy));
// @ts-expect-error an event of an unknown face names nobody
made.addEventListener('brow-unknown', ({ detail }) => console.log(detail.person));
// @ts-expect-error
made.mode = 'guess';
// @ts-expect-error
made.rotation = 45;
// @ts-expect-error nobody is enrolled without consent
void made.enrol({ name: 'Ada' });

export async function use(frame: HTMLIFrameElement): Promise<boolean> {
  try {
    await made.start();
    const { id } = await made.enrol({ name: 'Ada', consent: { text: 'I agree', version: '1', language: 'en' } });
    const { verified, person: { id: asked, name } } = await (found ?? made).verify(id, { timeoutMs: 5_000 });
    const { faces, people } = made.snapshotState();
    const brow = await connectBrow(frame, { origin: 'https://brow.example' });
    await brow.set({ mode: 'observe' });
    const { refused } = await brow.state();
    return verified && asked === id && name.length > 0 && faces.length > 0 && people.length > 0 && refused.flood === 0;
  } catch (error) {
    if (error instanceof BrowError || error instanceof BrowFrameError) console.log(error.code, error.remedy);
    throw error;
  }
}
