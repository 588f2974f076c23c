// check.js — the checks of browser_test, which puts `pages` and `source` before this script.
(async () => {
  'use strict';
  const log = document.getElementById('log');
  const report = (text) => { log.textContent += text + '\n'; };

  // Opens a page in a frame of the given width. Returns the frame's window.
  async function open(path, width) {
    const frame = document.createElement('iframe');
    frame.style.cssText = `width:${width}px;height:900px;border:0`;
    frame.src = path;
    const loaded = new Promise((resolve) => { frame.onload = resolve; });
    document.body.append(frame);
    await loaded;
    return { window: frame.contentWindow, document: frame.contentDocument, close: () => frame.remove() };
  }

  function rgb(color) {
    const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number);
    return { r, g, b, a };
  }
  function luminance({ r, g, b }) {
    const linear = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  }
  function contrast(a, b) {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  }
  function background(view, element) {
    for (let e = element; e; e = e.parentElement) {
      const color = rgb(view.window.getComputedStyle(e).backgroundColor);
      if (color.a > 0) return color;
    }
    return { r: 255, g: 255, b: 255 };
  }

  // The lowest contrast of each kind of element with text of its own.
  function checkContrast(view, path, theme) {
    const seen = new Set();
    for (const element of view.document.querySelectorAll('body *')) {
      if (element.closest('svg, script, style')) continue;
      const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
      const style = view.window.getComputedStyle(element);
      const key = style.color + element.className + element.tagName;
      if (!own || seen.has(key) || style.opacity === '0' || !element.getClientRects().length) continue;
      seen.add(key);
      const ratio = contrast(rgb(style.color), background(view, element));
      if (ratio < 4.5) report(`${path}: contrast ${ratio.toFixed(2)} of ${element.tagName}.${element.className}, ${theme}`);
    }
  }

  for (const path of pages) {
    for (const width of [360, 768, 1440]) {
      const view = await open(path, width);
      const root = view.document.documentElement;
      if (root.scrollWidth > width) report(`${path}: ${root.scrollWidth} px wide at ${width} px`);
      for (const entry of view.window.performance.getEntriesByType('resource')) report(`${path}: loads ${entry.name}`);
      if (!view.document.querySelector('main h1')) report(`${path}: has no heading`);
      if (!view.document.querySelector('.bar button')) report(`${path}: its scripts did not run`);
      if (width === 1440) {
        for (const theme of ['light', 'dark']) {
          root.dataset.theme = theme;
          checkContrast(view, path, theme);
        }
      }
      view.close();
    }
  }

  const view = await open('autograd/graph.h.html', 1440);
  const code = [...view.document.querySelectorAll('.row .code')].map((e) => e.textContent).join('');
  if (code !== source) report('autograd/graph.h.html: the right column is not the file');
  const name = [...view.document.querySelectorAll('.note code')].find((e) => /^\w+$/.test(e.textContent));
  if (!name) {
    report('autograd/graph.h.html: no name in a comment is code');
  } else {
    name.dispatchEvent(new view.window.PointerEvent('pointerover', { bubbles: true }));
    if (!view.window.CSS.highlights.has('pair')) report('autograd/graph.h.html: a name is not highlighted');
  }
  view.close();

  const lesson = await open('lessons/02_scaled_dot_product_attention/index.html', 1440);
  const part = lesson.document.querySelector('.figure svg rect title').parentElement;
  part.dispatchEvent(new lesson.window.PointerEvent('pointerover', { bubbles: true }));
  if (lesson.document.querySelector('.figure output').textContent !== part.textContent)
    report('lesson 02: a figure does not show the title of its part');
  const table = [...lesson.document.querySelectorAll('main .table')].find((t) => t.querySelector('.badge'));
  const text = table.textContent;
  const hold = table.querySelectorAll('.badge.holds, .badge.identity').length;
  const counted = hold + table.querySelectorAll('.badge.fails').length;
  table.previousElementSibling.querySelector('button').click();
  if (table.querySelector('.badge')) report('lesson 02: predict first does not cover the verdicts');
  const claims = table.querySelectorAll('tbody tr').length;
  for (let i = 0; i < claims; ++i) table.querySelector('td button').click();
  if (table.textContent !== text) report('lesson 02: the measurements do not come back after the predictions');
  if (!table.previousElementSibling.textContent.includes(`${hold} of ${counted} predictions`))
    report('lesson 02: the predictions are counted wrongly: ' + table.previousElementSibling.textContent);
  lesson.close();

  const bench = await open('lessons/02_scaled_dot_product_attention/bench.html', 1440);
  const difference = Number(bench.document.getElementById('bench').dataset.difference);
  if (!(difference <= 1e-6)) report(`bench.html: differs from the C++ code by ${difference}`);
  const cell = () => bench.document.querySelectorAll('.matrices')[1].textContent;
  const before = cell();
  bench.document.querySelector('[data-mistake="SD-01"]').click();
  if (cell() === before) report('bench.html: a mistake changes nothing');
  bench.close();

  const counts = {};
  for (const query of ['query', 'queries', '쿼리', 'softmax', 'masking', 'zzzz']) {
    const search = await open(`search.html?q=${encodeURIComponent(query)}`, 1440);
    counts[query] = search.document.querySelectorAll('#results li').length;
    search.close();
  }
  for (const query of ['query', '쿼리', 'softmax', 'masking'])
    if (!counts[query]) report(`search.html: finds nothing for ${query}`);
  if (counts.query !== counts.queries) report('search.html: query and queries differ');
  if (counts.zzzz) report('search.html: finds a word that no page contains');

  report('all pages checked');
})().catch((error) => { document.getElementById('log').textContent += 'error: ' + error + '\n'; });
