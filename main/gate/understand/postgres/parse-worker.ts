import { parentPort } from 'node:worker_threads';
import { parseText, type Parsed } from './parser.ts';

const port = parentPort;
port?.on('message', (text: string) => {
  const parsed = parseText(text);
  try {
    port.postMessage(parsed);
  } catch {
    // A tree too deep to be cloned is a tree too deep to be walked.
    const refused: Parsed = {
      ok: false,
      broken: false,
      hazard: { code: 'too-deep', sentence: 'The statement is nested too deeply to be understood.' },
    };
    port.postMessage(refused);
  }
});
// Tells the pool that the parser is loaded: from here on time counts.
port?.postMessage('ready');
