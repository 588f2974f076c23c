// theme.js — the button that changes between light and dark. Without a choice, the page follows the
// system. The choice is remembered if the browser permits it.
(() => {
  'use strict';
  const root = document.documentElement;
  const key = 'heed-theme';

  function remembered() {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage is disabled
    }
  }

  function apply(theme) {
    root.dataset.theme = theme;
    try {
      localStorage.setItem(key, theme);
    } catch {
      // The choice then lasts until the page is left.
    }
  }

  const before = remembered();
  if (before === 'light' || before === 'dark') root.dataset.theme = before;

  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Light / dark';
  button.title = 'Change between light and dark';
  button.addEventListener('click', () => {
    const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
    apply((root.dataset.theme || system) === 'dark' ? 'light' : 'dark');
  });
  document.querySelector('.bar').append(button);
})();
