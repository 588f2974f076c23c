// pairs.js — in an annotated source, a name in a comment and the same name in the code belong
// together: pointing at one, or moving to it with the keyboard, highlights the others.
(() => {
  'use strict';
  if (!('highlights' in CSS)) return; // an older browser: the two columns still stand side by side

  // The ranges of `name` in the code column, as a whole word.
  function rangesOf(name) {
    const ranges = [];
    for (const code of document.querySelectorAll('.row .code')) {
      const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) addRanges(walker.currentNode, name, ranges);
    }
    return ranges;
  }

  function addRanges(node, name, ranges) {
    const text = node.data;
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
      const inside = /\w/.test(text[at - 1] || ' ') || /\w/.test(text[at + name.length] || ' ');
      if (inside) continue;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + name.length);
      ranges.push(range);
    }
  }

  const clear = () => CSS.highlights.delete('pair');
  function show(event) {
    const name = event.target.closest('.note code');
    if (!name) return;
    const words = name.textContent.match(/[A-Za-z_]\w*/);
    if (words) CSS.highlights.set('pair', new Highlight(...rangesOf(words[0])));
  }

  for (const name of document.querySelectorAll('.note code')) name.tabIndex = 0;
  addEventListener('pointerover', show);
  addEventListener('pointerout', clear);
  addEventListener('focusin', show);
  addEventListener('focusout', clear);
})();
