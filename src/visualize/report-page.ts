/**
 * The frame of every report: one HTML page that needs nothing else. No script, no network: its Content-Security-Policy allows only its own
 * style sheet and the pictures inside it.
 */
import { escapeHtml } from './format.ts';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** A page around `body`, which is HTML; title and language are escaped. */
export function htmlPage({ title, lang, style }: { title: string; lang: string; style: string }, body: string): string {
  return `<!doctype html>
<html lang="${escapeHtml(lang)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
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
