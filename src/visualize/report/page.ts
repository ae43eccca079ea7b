/**
 * The frame of every report: one HTML page that needs nothing else. No network, and no script but its own: its Content-Security-Policy allows its
 * style sheet, the pictures inside it, and scripts by their hashes.
 */
import { escapeHtml } from '../format.ts';
import { type Script, scriptElement } from './scripts.ts';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

type Frame = {
  readonly title: string;
  readonly lang: string;
  readonly style: string;
  readonly scripts?: readonly Script[];
};

/** A page around `body`, which is HTML; title and language are escaped. */
export function htmlPage({ title, lang, style, scripts = [] }: Frame, body: string): string {
  const allowed = scripts.map(({ hash }) => ` 'sha256-${hash}'`).join('');
  const policy = allowed === '' ? POLICY : `${POLICY}; script-src${allowed}`;
  return `<!doctype html>
<html lang="${escapeHtml(lang)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${body}
</main>
${scripts.map(scriptElement).join('\n')}
</body>
</html>
`;
}

/** A summary of a model that folds away; line breaks stay, all else is escaped. */
export function modelSummary(summary: string | undefined): string {
  if (summary === undefined) return '';
  const text = summary.split(/\r?\n/).map(escapeHtml).join('\n');
  return `<details><summary>Layers of the model</summary><pre>${text}</pre></details>`;
}

/** `Model imdb_cnn, imdb-cnn.h5` */
export function modelLine(model: { readonly name: string; readonly file?: string | undefined }): string {
  const file = model.file === undefined ? '' : `, <code>${escapeHtml(model.file)}</code>`;
  return `<p class="model">Model ${escapeHtml(model.name)}${file}</p>`;
}
