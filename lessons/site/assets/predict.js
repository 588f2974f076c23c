// predict.js — predict, then look: above a table of claims, a button covers the measurements and verdicts.
// For each claim the reader then says whether it holds, and sees the measurement and the number of
// correct predictions.
(() => {
  'use strict';

  function button(text, onClick) {
    const made = document.createElement('button');
    made.type = 'button';
    made.textContent = text;
    made.addEventListener('click', onClick);
    return made;
  }

  // The rows of a table whose last cell is a verdict.
  const rowsOf = (table) => [...table.querySelectorAll('tbody tr')].filter((row) => row.querySelector('td:last-child .badge'));

  // Whether the prediction is correct. A claim that holds only for some seeds, or that could not be
  // measured, has no correct prediction.
  function isCorrect(badge, holds) {
    if (badge.classList.contains('holds') || badge.classList.contains('identity')) return holds;
    return badge.classList.contains('fails') ? !holds : null;
  }

  function start(box, rows) {
    const count = { made: 0, counted: 0, correct: 0 };
    const bar = box.previousElementSibling;
    bar.replaceChildren('Which claims hold? Choose before you see the measurement.');
    for (const row of rows) ask(row, (correct) => {
      ++count.made;
      if (correct !== null) ++count.counted;
      if (correct) ++count.correct;
      bar.replaceChildren(`${count.correct} of ${count.counted} predictions are correct; ${rows.length - count.made} claims are left.`);
    });
    rows[0].querySelector('button').focus();
  }

  function ask(row, onAnswer) {
    const badge = row.querySelector('td:last-child .badge');
    const cells = [...row.cells].slice(1);
    const covered = cells.map((cell) => [...cell.childNodes]);
    const answer = (holds) => {
      cells.forEach((cell, i) => cell.replaceChildren(...covered[i]));
      const correct = isCorrect(badge, holds);
      row.classList.toggle('surprise', correct === false);
      onAnswer(correct);
      const next = row.parentElement.querySelector('button');
      if (next) next.focus();
    };
    cells.forEach((cell) => cell.replaceChildren());
    cells[0].append(button('holds', () => answer(true)), ' ', button('does not hold', () => answer(false)));
  }

  for (const box of document.querySelectorAll('main .table')) {
    const rows = rowsOf(box);
    if (rows.length < 2) continue;
    const bar = document.createElement('p');
    bar.className = 'facts predict';
    bar.ariaLive = 'polite';
    bar.append(button('Predict first: cover the measurements', () => start(box, rows)));
    box.before(bar);
  }
})();
