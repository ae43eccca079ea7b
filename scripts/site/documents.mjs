/**
 * The documents of the site: every Markdown page as HTML with the list of all pages beside it. Links are relative and checked: to another
 * page, to a heading of one, or to a file, which is then copied.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Marked } from 'marked';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The documents in the order in which they are offered. */
const groups = [
  ['Start', ['README.md', 'docs/guides/embedding.md', 'docs/guides/research.md', 'docs/guides/benchmark.md']],
  [
    'Use',
    /^docs\/(install|command-line|inputs|pictures|browser|page|masks|transformers-guide|custom-layers|verify|alibi|phrasebook)\.md$/,
  ],
  ['Training', /^docs\/(training|writing-models|saving)\.md$/],
  ['Methods', /^docs\/(methods|metrics|writing-a-method)\.md$/],
  ['What is read', /^docs\/(layers|operations|onnx|transformers|corpus|dtypes)\.md$/],
  ['Inside', /^docs\/(architecture|backends|writing-a-kernel)\.md$|^bench\/README\.md$|^bench\/results\/README\.md$/],
  ['Project', /^(CONTRIBUTING|SECURITY|CHANGELOG)\.md$|^examples\/README\.md$/],
];

/** All documents, by their paths from the root. */
function documents() {
  const within = (folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => posix.join(folder, name));
  return ['.', 'docs', 'docs/guides', 'bench', 'bench/results', 'examples'].flatMap(within);
}

function grouped(pages) {
  const found = groups.map(([title, which]) => [
    title,
    Array.isArray(which) ? which.filter((page) => pages.includes(page)) : pages.filter((page) => which.test(page)),
  ]);
  const named = found.flatMap(([, list]) => list);
  const rest = pages.filter((page) => !named.includes(page));
  return rest.length > 0 ? [...found, ['More', rest]] : found;
}

const outputOf = (page) => (page === 'README.md' ? 'index.html' : page.replace(/\.md$/, '.html'));

/** As GitHub makes them, so that links between documents work in both places. */
const slug = (text) =>
  text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** The site's documents, written to `out`. @returns links that lead nowhere */
export function writeDocuments(out, { api }) {
  const pages = documents();
  const titles = new Map(
    pages.map((page) => [page, /^# (.+)$/m.exec(readFileSync(join(root, page), 'utf8'))?.[1] ?? page]),
  );
  const copied = new Set();
  const broken = [];
  const anchors = new Map();
  const linked = [];

  for (const page of pages) {
    const from = dirname(outputOf(page));
    const to = (path) => relative(from, path).replaceAll('\\', '/') || '.';
    const ids = new Set();
    /** The heading that stands above, and how many tables under each have been met: landmarks need names of their own. */
    let under = titles.get(page);
    const tables = new Map();
    anchors.set(page, ids);
    /** A link as the page has it, to where it leads in the site. */
    const follow = (href) => {
      if (/^(https?:|mailto:)/.test(href)) return href;
      const [path, hash] = href.split('#');
      const target = path === '' ? page : posix.join(posix.dirname(page), path);
      if (hash) linked.push([page, target, hash]);
      const end = hash ? `#${hash}` : '';
      if (pages.includes(target)) return to(outputOf(target)) + end;
      const file = join(root, target);
      if (!existsSync(file)) {
        broken.push(`${page}: ${href}`);
        return href;
      }
      if (statSync(file).isDirectory())
        return pages.includes(`${target}/README.md`) ? to(`${target}/README.html`) : null;
      // Sources are shown, not played or run.
      const shown = /\.(png|svg|json|txt|css)$/.test(target) ? target : `${target}.txt`;
      copied.add([target, shown].join('\n'));
      return to(shown) + end;
    };
    const marked = new Marked({
      renderer: {
        heading({ tokens, depth, text }) {
          const id = slug(text.replaceAll(/`|\*\*|\[([^\]]*)\]\([^)]*\)/g, '$1'));
          ids.add(id);
          under = text.replaceAll(/[`*]/g, '');
          return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
        },
        link({ href, tokens }) {
          const there = follow(href);
          const inner = this.parser.parseInline(tokens);
          return there === null ? inner : `<a href="${escaped(there)}">${inner}</a>`;
        },
        code({ text }) {
          return `<pre tabindex="0"><code>${escaped(text)}</code></pre>\n`;
        },
        image({ href, text }) {
          return `<img src="${escaped(follow(href) ?? href)}" alt="${escaped(text)}">`;
        },
        table(token) {
          // A table may be wider than a phone; it scrolls, the page does not.
          const row = (cells, tag) =>
            `<tr>${cells
              .map((cell) => {
                const text = this.parser.parseInline(cell.tokens);
                const own = text === '' ? 'td' : tag; // a corner names nothing
                return `<${own}>${text}</${own}>`;
              })
              .join('')}</tr>`;
          const count = (tables.get(under) ?? 0) + 1;
          tables.set(under, count);
          const name = escaped(count > 1 ? `table ${count}: ${under}` : `table: ${under}`);
          const body = token.rows.map((cells) => row(cells, 'td')).join('\n');
          return `<div class="wide" tabindex="0" role="region" aria-label="${name}"><table><thead>${row(token.header, 'th')}</thead><tbody>${body}</tbody></table></div>\n`;
        },
      },
    });
    const body = marked.parse(readFileSync(join(root, page), 'utf8'));
    const file = join(out, outputOf(page));
    mkdirSync(dirname(file), { recursive: true });
    const list = grouped(pages)
      .map(([title, entries]) => {
        const items = entries.map((entry) => {
          const current = entry === page ? ' aria-current="page"' : '';
          return `<li><a href="${to(outputOf(entry))}"${current}>${escaped(entry === 'README.md' ? 'Overview' : titles.get(entry))}</a></li>`;
        });
        return `<h2>${title}</h2><ul>${items.join('')}</ul>`;
      })
      .join('');
    const reference = api ? `<li><a href="${to('api/index.html')}">API reference</a></li>` : '';
    const nav = `<p class="name">pathgrad</p><ul><li><a href="${to('app/index.html')}">Try it in the browser</a></li>${reference}</ul>${list}`;
    writeFileSync(
      file,
      `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(titles.get(page))}${page === 'README.md' ? '' : ' - pathgrad'}</title><link rel="icon" href="data:,"><link rel="stylesheet" href="${to('style.css')}"></head>
<body><div class="layout"><div class="side"><details id="pages" open><summary>Pages</summary><nav aria-label="Pages">${nav}</nav></details></div>
<main>${body}</main></div><script src="${to('pages.js')}"></script></body></html>
`,
    );
  }
  for (const entry of copied) {
    const [from, to] = entry.split('\n');
    mkdirSync(dirname(join(out, to)), { recursive: true });
    cpSync(join(root, from), join(out, to));
  }
  for (const file of ['style.css', 'pages.js']) cpSync(join(root, 'scripts/site', file), join(out, file));
  for (const [page, target, hash] of linked)
    if (anchors.has(target) && !anchors.get(target).has(hash))
      broken.push(`${page}: ${target}#${hash} has no such heading`);
  return broken;
}
