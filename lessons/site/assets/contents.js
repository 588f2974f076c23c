// contents.js — marks the section that is being read in the contents, keeps the current page's entry in
// view, and opens the search with the key /.
(() => {
  'use strict';
  const contents = document.getElementById('contents');
  const current = contents.querySelector('[aria-current="page"]');
  if (current && current.offsetTop > contents.clientHeight / 2)
    contents.scrollTop = current.offsetTop - contents.clientHeight / 3;

  const entries = new Map(); // from an anchor to its link
  for (const link of contents.querySelectorAll('a[href^="#"]')) entries.set(link.hash.slice(1), link);
  const headings = [...document.querySelectorAll('main h2[id]')].filter((h) => entries.has(h.id));

  function mark() {
    let reading = null;
    for (const heading of headings)
      if (heading.getBoundingClientRect().top < 160) reading = heading;
    for (const [id, link] of entries) link.classList.toggle('here', reading !== null && id === reading.id);
  }

  let waiting = false;
  addEventListener('scroll', () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      mark();
    });
  }, { passive: true });
  mark();

  addEventListener('keydown', (event) => {
    const typing = /^(?:INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    document.querySelector('.bar input').focus();
  });
})();
