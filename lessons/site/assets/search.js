// search.js — the search of the book. The page contains the index that the generator made
// (lessons/site/search_index.h); this file divides the query into terms in the same way.
(() => {
  'use strict';
  const index = JSON.parse(document.getElementById('search-index').textContent);
  const output = document.getElementById('results');
  const input = document.querySelector('main input[type="search"]');
  const mostResults = 40;

  // Removes a common ending, as stem() in search_index.cpp does.
  function stem(word) {
    if (word.length >= 5 && word.endsWith('ies')) word = word.slice(0, -3) + 'y';
    else if (word.length > 3 && word.endsWith('s') && !/(?:ss|us|is)$/.test(word)) word = word.slice(0, -1);
    const before = word;
    if (word.length >= 6 && word.endsWith('ing')) word = word.slice(0, -3);
    else if (word.length >= 5 && word.endsWith('ed')) word = word.slice(0, -2);
    const last = word[word.length - 1];
    const doubled = word.length > 3 && last === word[word.length - 2];
    if (word !== before && doubled && !'lsz'.includes(last)) word = word.slice(0, -1);
    if (word.length > 3 && word.endsWith('e')) word = word.slice(0, -1);
    return word;
  }

  // English words, and pairs of Korean syllables.
  function terms(text) {
    const found = [];
    for (const part of text.match(/[A-Za-z0-9]+|[가-힣]+/g) || []) {
      if (/^[A-Za-z0-9]/.test(part)) found.push(stem(part.toLowerCase()));
      else if (part.length === 1) found.push(part);
      else for (let i = 0; i + 1 < part.length; ++i) found.push(part.slice(i, i + 2));
    }
    return found;
  }

  // The postings of a term; of all terms that begin with it if it is the last word of a query.
  function postings(term, isPrefix) {
    const lists = isPrefix && term.length > 2
      ? Object.keys(index.terms).filter((other) => other.startsWith(term)).map((other) => index.terms[other])
      : [index.terms[term] || []];
    const counts = new Map();
    for (const list of lists)
      for (const posting of list) {
        const section = posting >> 2;
        counts.set(section, Math.max(counts.get(section) || 0, posting & 3));
      }
    return counts;
  }

  // Sections that contain all terms, best first. A rare term weighs more, a term in the title most.
  function find(query) {
    const wanted = terms(query);
    let scores = null;
    wanted.forEach((term, i) => {
      const counts = postings(term, i + 1 === wanted.length);
      const weight = Math.log(1 + index.sections.length / (1 + counts.size));
      const next = new Map();
      for (const [section, count] of counts) {
        if (scores && !scores.has(section)) continue;
        const inTitle = terms(index.sections[section][2]).includes(term);
        next.set(section, (scores ? scores.get(section) : 0) + weight * (count + (inTitle ? 6 : 0)));
      }
      scores = next;
    });
    return scores ? [...scores].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([section]) => section) : [];
  }

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  function result(section) {
    const [page, anchor, title, text] = index.sections[section];
    const [path, pageTitle] = index.pages[page];
    const link = element('a', '', title || pageTitle);
    link.href = path + (anchor ? '#' + anchor : '');
    const item = element('li', 'result');
    item.append(link, element('p', 'facts', title && title !== pageTitle ? pageTitle : path), element('p', '', text));
    return item;
  }

  function show() {
    const found = find(input.value);
    const list = element('ol', 'found');
    list.append(...found.slice(0, mostResults).map(result));
    const shown = found.length > mostResults ? `, the best ${mostResults} of them` : '';
    const count = input.value.trim() ? `${found.length} ${found.length === 1 ? 'section' : 'sections'}${shown}` : '';
    output.replaceChildren(element('p', 'facts', count), list);
  }

  input.value = new URLSearchParams(location.search).get('q') || '';
  input.addEventListener('input', show);
  input.focus();
  show();
})();
