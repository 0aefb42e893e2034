'use strict';
// What scripts of pages share: numbers in words, text that is safe, drawing, hints.
const base = (() => {
  const byId = (id) => document.getElementById(id);
  const tip = byId('tip');

  // Numbers as the command prints them.
  const units = [['TiB', 2 ** 40], ['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]];
  const bytes = (n) => {
    const unit = units.find(([, size]) => n >= size);
    return unit ? `${(n / unit[1]).toFixed(2)} ${unit[0]}` : `${n} B`;
  };
  const round = (n) => bytes(n).replace(/\.0+ |(\.\d)0 /, '$1 ');
  const time = (ns) => ns < 1e6 ? `${(ns / 1e3).toFixed(0)} µs` : ns < 1e9 ? `${(ns / 1e6).toFixed(1)} ms` : ns < 6e11 ? `${(ns / 1e9).toFixed(2)} s` : `${Math.floor(ns / 6e10)} min ${Math.floor(ns / 1e9) % 60} s`;
  const share = (part, whole) => whole ? `${(100 * part / whole).toFixed(part * 10 < whole ? 1 : 0)} %` : '0 %';
  const escaped = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

  // The namespace as the browser knows it: the page names no address.
  const drawing = document.createElement('div');
  drawing.innerHTML = '<svg></svg>';
  const space = drawing.firstChild.namespaceURI;
  const svgOf = (name, attributes, parent, text) => {
    const node = document.createElementNS(space, name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    if (text !== undefined) node.textContent = text;
    if (parent) parent.append(node);
    return node;
  };

  // Rounded places on an axis of bytes.
  const ticks = (most) => {
    const step = 2 ** Math.ceil(Math.log2(Math.max(most, 4) / 5));
    return Array.from({ length: Math.floor(most / step) + 1 }, (_, k) => k * step);
  };

  // What stands beside a pointer.
  const hint = (event, html) => {
    tip.innerHTML = html;
    tip.hidden = false;
    const beyond = event.clientX + 18 + tip.offsetWidth > document.documentElement.clientWidth;
    tip.style.left = `${Math.max(8, scrollX + (beyond ? event.clientX - 14 - tip.offsetWidth : event.clientX + 16))}px`;
    const below = event.clientY + 24 + tip.offsetHeight > document.documentElement.clientHeight;
    tip.style.top = `${scrollY + (below ? Math.max(event.clientY - 14 - tip.offsetHeight, 8) : event.clientY + 16)}px`;
  };

  const unhint = () => { tip.hidden = true; };

  // A picture is drawn anew when its width changes, not when a phone's bars come and go.
  const redrawn = (draw) => {
    let width = innerWidth;
    addEventListener('resize', () => { if (innerWidth !== width) { width = innerWidth; draw(); } });
    draw();
  };

  return { byId, bytes, round, time, share, escaped, svgOf, ticks, hint, unhint, redrawn };
})();
