// figure.js — shows the title of the part of a figure that the pointer is on, such as the weight of a
// cell, below the figure. A finger works, too; a browser's own title needs a pointer that rests.
(() => {
  'use strict';
  for (const figure of document.querySelectorAll('.figure')) {
    const readout = document.createElement('output');
    figure.querySelector('figcaption').before(readout);
    figure.addEventListener('pointerover', (event) => {
      const part = event.target.closest('svg *');
      const title = part && part.querySelector(':scope > title');
      readout.textContent = title ? title.textContent : '';
    });
    figure.addEventListener('pointerleave', () => {
      readout.textContent = '';
    });
  }
})();
