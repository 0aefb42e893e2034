// The panels, and what links them: one model is shown and one residue, or pair of residues, is pointed at in all.
(() => {
  const { byId, escaped, redrawn } = base;
  const data = JSON.parse(byId('data').textContent);
  const residues = data.chains.flatMap(({ letters }, chain) => [...letters].map((letter, k) => ({ chain, letter, number: k + 1 })));
  const view = { model: data.chosen, at: null, other: null, pinned: false, colours: 'error' };
  const panels = [];
  const sorted = data.models.flatMap((model) => model.errors).concat(.1).sort((a, b) => a - b);

  const name = ({ letter }) => { const name = data.names[letter] || letter; return name[0] + name.slice(1).toLowerCase(); };
  const link = {
    data, residues, view,
    // The ends of the axis and of the colours, the same for all models. The few residues that are far off, as a long
    // loop's tip, share the last colour, or else the rest would have but one.
    highest: sorted[sorted.length - 1],
    most: 1.06 * sorted[sorted.length - 1],
    bright: Math.max(1.5, Math.ceil(2 * sorted[Math.floor(.97 * (sorted.length - 1))]) / 2),
    short: (k) => `${data.chains[residues[k].chain].id} ${residues[k].letter}${residues[k].number}`,
    full: (k) => `${name(residues[k])} ${residues[k].number}, chain ${data.chains[residues[k].chain].id}`,
    words: (k) => `<b>${residues[k].letter} ${escaped(link.full(k))}</b><span>expected error ${data.models[view.model].errors[k].toFixed(2)} Å</span>`,
    apart: (a, b, model = view.model) => {
      const { ca } = data.models[model];
      return Math.hypot(ca[3 * a] - ca[3 * b], ca[3 * a + 1] - ca[3 * b + 1], ca[3 * a + 2] - ca[3 * b + 2]);
    },
    // What a pointer passes is forgotten when it leaves; what was clicked, tapped or reached by keys stays until the
    // next, or until it is clicked again.
    select: (at, other = null) => { if (!view.pinned) point(at, other); },
    pin: (at, other = null, keep = false) => {
      const again = view.pinned && view.at === at && view.other === other && !keep;
      view.pinned = at !== null && !again;
      point(at, other);
    },
    // A finger is gone when it has tapped: what it asked for stays until the next tap.
    leave: (event) => {
      if (event.pointerType !== 'touch') base.unhint();
      link.select(null);
    },
  };
  addEventListener('pointerdown', base.unhint, true);
  const point = (at, other) => {
    if (at === view.at && other === view.other) return;
    [view.at, view.other] = [at, other];
    panels.forEach((panel) => panel.select());
  };
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' || event.key === 'Tab') base.unhint();
    if (event.key !== 'Escape') return;
    view.pinned = false;
    point(null, null);
  });

  const chart = errors(link), map = distances(link), space = viewer(link), drawMemory = memory(data.plan);
  chart.model();
  map.model();
  panels.push(chart, map, space);

  const press = (buttons, chosen) => buttons.forEach((button) => button.setAttribute('aria-pressed', button === chosen));
  const models = document.querySelectorAll('[data-model]');
  models.forEach((button) => button.addEventListener('click', () => {
    view.model = Number(button.dataset.model);
    press(models, button);
    panels.forEach((panel) => panel.model());
  }));
  const colours = document.querySelectorAll('[data-colours]');
  colours.forEach((button) => button.addEventListener('click', () => {
    view.colours = button.dataset.colours;
    press(colours, button);
    byId('errorscale').hidden = view.colours !== 'error';
    byId('chainscale').hidden = view.colours === 'error';
    space.colours();
  }));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', space.colours);
  redrawn(() => { chart.draw(); map.draw(); drawMemory(); });
})();
