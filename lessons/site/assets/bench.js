// bench.js — the attention bench of lesson 02: change the queries, keys, values, mask and temperature,
// or make a known mistake, and see each step. compute() does the same as heed's attention(); when the
// page opens, it is compared with cases that the C++ code computed.
(() => {
  'use strict';
  const bench = document.getElementById('bench');
  const cases = JSON.parse(document.getElementById('bench-cases').textContent);
  const mistakeUrls = JSON.parse(document.getElementById('bench-mistakes').textContent);

  const words = { queries: ['I', 'school', 'go'], keys: ['나는', '학교에', '간다'] };
  const start = {
    q: [[2, 0, 1, 0], [0, 2, 0, 1], [1, 0, 2, 0]],
    k: [[2, 0, 0, 1], [0, 2, 1, 0], [0, 1, 2, 0]],
    v: [[1, 0], [0, 1], [1, 1]],
  };
  const masks = {
    none: ['no mask', () => true],
    causal: ['causal: no later key', (t, s) => s <= t],
    padding: ['padding: the last key is masked', (t, s) => s < 2],
    row: ['the first query may attend to no key', (t) => t > 0],
  };
  const mistakes = {
    'SD-01': 'not divided by √d_k',
    'SD-02': 'divided by d_k',
    'SD-03': 'multiplied by √d_k',
    'SD-06': 'softmax over the queries',
    'SD-08': 'scores used as weights',
    'SD-10': 'not divided by the sum',
    'MK-02': 'mask inverted',
    'MK-03': 'masked after the softmax',
    'MK-04': 'masked scores are 0',
  };
  const state = { ...structuredClone(start), mask: 'none', temperature: 1, mistake: '' };

  // ---- the computation ------------------------------------------------------------------------

  const transpose = (x) => x[0].map((_, j) => x.map((row) => row[j]));
  const multiply = (a, b) => a.map((row) => transpose(b).map((column) => row.reduce((sum, x, i) => sum + x * column[i], 0)));

  // exp(score − maximum), so that no score overflows. A score of −∞ gives 0, also if all are −∞.
  function softmax(row) {
    const most = Math.max(...row);
    if (most === -Infinity) return row.map(() => 0);
    const powers = row.map((x) => Math.exp(x - most));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((x) => x / sum);
  }

  function factor(mistake, width) {
    if (mistake === 'SD-01') return 1;
    if (mistake === 'SD-02') return 1 / width;
    if (mistake === 'SD-03') return Math.sqrt(width);
    return 1 / Math.sqrt(width);
  }

  function weightsOf(scores, mistake) {
    if (mistake === 'SD-06') return transpose(transpose(scores).map(softmax));
    if (mistake === 'SD-08') return scores.map((row) => row.map((x) => (x === -Infinity ? 0 : x)));
    if (mistake === 'SD-10') return scores.map((row) => row.map(Math.exp));
    return scores.map(softmax);
  }

  // allowed[t][s]: whether query t may attend to key s. Returns the scores, weights and output.
  function compute({ q, k, v, allowed, temperature, mistake }) {
    const may = (t, s) => (mistake === 'MK-02' ? !allowed[t][s] : Boolean(allowed[t][s]));
    const products = multiply(q, transpose(k));
    const scaled = products.map((row) => row.map((x) => (x * factor(mistake, k[0].length)) / temperature));
    const masked = mistake === 'MK-04' ? 0 : -Infinity;
    const scores = mistake === 'MK-03' ? scaled : scaled.map((row, t) => row.map((x, s) => (may(t, s) ? x : masked)));
    let weights = weightsOf(scores, mistake);
    if (mistake === 'MK-03') weights = weights.map((row, t) => row.map((x, s) => (may(t, s) ? x : 0)));
    return { products, scores, weights, output: multiply(weights, v) };
  }

  // The largest difference between compute() and the cases of the C++ code.
  function largestDifference() {
    let largest = 0;
    for (const one of cases) {
      const result = compute(one);
      for (const name of ['weights', 'output'])
        result[name].flat().forEach((x, i) => {
          const difference = Math.abs(x - one[name].flat()[i]);
          if (!(difference <= largest)) largest = difference; // also if it is NaN
        });
    }
    return largest;
  }

  // ---- the page -------------------------------------------------------------------------------

  function element(name, properties = {}, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  function inputs(name, rows) {
    const body = state[name].map((row, i) => element('tr', {}, element('th', { scope: 'row', textContent: rows[i] }),
      ...row.map((value, j) => {
        const input = element('input', { type: 'number', step: 'any', value, ariaLabel: `${name.toUpperCase()}, ${rows[i]}, ${j + 1}` });
        input.addEventListener('input', () => {
          state[name][i][j] = Number.isFinite(input.valueAsNumber) ? input.valueAsNumber : 0;
          show();
        });
        return element('td', {}, input);
      })));
    return element('div', { className: 'matrix' }, element('table', {}, element('caption', { textContent: name.toUpperCase() }), ...body));
  }

  const digits = (x) => (x === -Infinity ? '−∞' : x.toFixed(3).replace('-', '−'));

  function table(title, rows, columns, heat) {
    const head = element('tr', {}, element('td'), ...columns.map((c) => element('th', { scope: 'col', textContent: c })));
    const body = rows.map((row, t) => element('tr', {}, element('th', { scope: 'row', textContent: words.queries[t] }),
      ...row.map((x) => {
        const cell = element('td', { textContent: digits(x) });
        if (heat) cell.style.background = `color-mix(in srgb, var(--accent) ${Math.round(45 * Math.min(1, Math.max(0, x)))}%, transparent)`;
        return cell;
      })));
    return element('div', { className: 'matrix' }, element('table', {}, element('caption', { textContent: title }), head, ...body));
  }

  const results = element('div', { className: 'matrices', ariaLive: 'polite' });
  const note = element('p', { className: 'facts' });

  function show() {
    const allowed = words.queries.map((_, t) => words.keys.map((_, s) => masks[state.mask][1](t, s)));
    const { products, scores, weights, output } = compute({ ...state, allowed });
    results.replaceChildren(table('Q · Kᵀ', products, words.keys), table('scores', scores, words.keys),
      table('weights', weights, words.keys, true), table('output', output, ['1', '2']));
    const sums = weights.map((row) => digits(row.reduce((a, b) => a + b, 0))).join(', ');
    note.replaceChildren(`Sums of the rows of the weights: ${sums}. `);
    if (state.mistake && mistakeUrls[state.mistake])
      note.append(element('a', { href: mistakeUrls[state.mistake], textContent: `${state.mistake}: why it matters` }));
    for (const button of bench.querySelectorAll('[data-mistake]'))
      button.setAttribute('aria-pressed', String(button.dataset.mistake === state.mistake));
  }

  function controls() {
    const mask = element('select', { ariaLabel: 'Mask' },
      ...Object.entries(masks).map(([value, [text]]) => element('option', { value, textContent: text })));
    mask.addEventListener('change', () => {
      state.mask = mask.value;
      show();
    });
    const value = element('output', { textContent: '1' });
    const temperature = element('input', { type: 'range', min: -2, max: 2, step: 0.1, value: 0, ariaLabel: 'Temperature' });
    temperature.addEventListener('input', () => {
      state.temperature = 2 ** temperature.valueAsNumber;
      value.textContent = state.temperature.toPrecision(2);
      show();
    });
    return element('p', { className: 'controls' }, element('label', {}, 'Mask ', mask), element('label', {}, 'Temperature ', temperature, ' ', value));
  }

  function mistakeButtons() {
    const buttons = [['', 'correct'], ...Object.entries(mistakes)].map(([id, text]) => {
      const button = element('button', { type: 'button', textContent: text });
      button.dataset.mistake = id;
      button.addEventListener('click', () => {
        state.mistake = id;
        show();
      });
      return button;
    });
    return element('div', { className: 'buttons', role: 'group', ariaLabel: 'Known mistakes' }, ...buttons);
  }

  const difference = largestDifference();
  bench.dataset.difference = String(difference);
  bench.replaceChildren(
    element('div', { className: 'matrices' }, inputs('q', words.queries), inputs('k', words.keys), inputs('v', words.keys)),
    controls(), mistakeButtons(), results, note,
    element('p', { className: 'facts', textContent: `${cases.length} cases computed by heed’s C++ code and by this page differ by at most ${difference.toExponential(0)}.` }));
  show();
})();
