// The error expected of each residue: along the chains as a picture, and letter by letter.
const errors = (link) => {
  const { byId, svgOf, hint, unhint } = base;
  const { data, residues, view } = link;
  const box = byId('errors'), letters = byId('letters');
  let f = null;

  // The places that stand out: highest of their surroundings, apart from each other, not at a chain's loose ends.
  const peaks = (own, most) => {
    const mean = own.reduce((sum, x) => sum + x, 0) / own.length;
    const high = own.map((_, k) => k).filter((k) => {
      const { first, count } = data.chains[residues[k].chain];
      const around = own.slice(Math.max(k - 4, first), Math.min(k + 5, first + count));
      return own[k] > 1.25 * mean && own[k] === Math.max(...around) && k - first > 3 && first + count - 1 - k > 3;
    });
    const chosen = [];
    for (const k of high.sort((a, b) => own[b] - own[a])) {
      if (chosen.every((other) => Math.abs(other - k) > residues.length / 22) && chosen.length < most) chosen.push(k);
    }
    return chosen;
  };

  const draw = () => {
    box.textContent = '';
    const own = data.models[view.model].errors, many = residues.length;
    const wide = Math.max(box.clientWidth, 240), high = 216, left = 40, right = 4, top = 20, bottom = high - 42;
    const svg = svgOf('svg', { viewBox: `0 0 ${wide} ${high}`, height: high, role: 'slider', tabindex: 0, 'aria-label': 'error expected of each residue', 'aria-valuemin': 1, 'aria-valuemax': many }, box);
    const gap = data.chains.length > 1 ? 10 : 0, each = (wide - left - right - gap * (data.chains.length - 1)) / many;
    const x = (k) => left + k * each + gap * residues[Math.min(k, many - 1)].chain;
    const y = (n) => bottom - n / link.most * (bottom - top);
    const every = colour.step(link.most, 4);
    for (let n = 0; n <= link.most; n += every) {
      svgOf('line', { class: 'grid', x1: left, x2: wide - right, y1: y(n), y2: y(n) }, svg);
      svgOf('text', { x: left - 8, y: y(n) + 4, 'text-anchor': 'end' }, svg, Number(n.toFixed(2)));
    }
    svgOf('text', { x: left - 8, y: top - 9, 'text-anchor': 'end' }, svg, 'Å');
    own.forEach((n, k) => svgOf('rect', { x: x(k).toFixed(2), width: Math.max(each - (each > 3 ? .6 : -.15), .6).toFixed(2), y: y(n).toFixed(1), height: (bottom - y(n)).toFixed(1), fill: colour.words('error', n / link.bright) }, svg));
    // What the other models expect.
    data.models.forEach((model, other) => {
      if (other === view.model) return;
      data.chains.forEach(({ first, count }) => {
        const path = Array.from({ length: count }, (_, k) => `${(x(first + k) + each / 2).toFixed(1)} ${y(model.errors[first + k]).toFixed(1)}`);
        svgOf('path', { class: 'other', d: `M${path.join('L')}` }, svg);
      });
    });
    data.chains.forEach(({ id, first, count }, place) => {
      const [from, to] = [x(first), x(first + count - 1) + each];
      const apart = colour.every(count, to - from);
      for (let n = apart; n <= count; n += apart) {
        const spot = x(first + n - 1) + each / 2;
        svgOf('line', { class: 'axis', x1: spot, x2: spot, y1: bottom, y2: bottom + 4 }, svg);
        svgOf('text', { x: spot, y: bottom + 16, 'text-anchor': 'middle' }, svg, n);
      }
      svgOf('rect', { class: `bar${place % 2}`, x: from, width: to - from, y: bottom + 22, height: 3, rx: 1.5 }, svg);
      svgOf('text', { x: (from + to) / 2, y: bottom + 38, 'text-anchor': 'middle' }, svg, to - from > 60 ? `chain ${id}` : id);
    });
    f = { svg, x, each, y, top, bottom, lines: [0, 1].map(() => svgOf('rect', { class: 'here', y: top - 6, height: bottom - top + 10 }, svg)) };
    for (const k of peaks(own, wide > 420 ? 7 : 4)) {
      svgOf('text', { class: 'halo strong', x: Math.min(Math.max(x(k) + each / 2, left + 14), wide - 16), y: Math.max(y(Math.max(...data.models.map((m) => m.errors[k]))) - 5, 10), 'text-anchor': 'middle' }, svg, `${residues[k].letter}${residues[k].number}`);
    }
    const under = (event) => {
      const place = svg.getBoundingClientRect(), spot = (event.clientX - place.left) * wide / place.width;
      return residues.reduce((best, _, k) => Math.abs(x(k) + each / 2 - spot) < Math.abs(x(best) + each / 2 - spot) ? k : best, 0);
    };
    const point = (event) => { const k = under(event); link.select(k); hint(event, link.words(k)); };
    svg.addEventListener('pointermove', point);
    svg.addEventListener('pointerdown', (event) => { link.pin(under(event)); hint(event, link.words(under(event))); });
    svg.addEventListener('pointerleave', link.leave);
    svg.addEventListener('keydown', (event) => {
      const here = view.at ?? -1;
      const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: many - 1, PageUp: here - 10, PageDown: here + 10 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const k = Math.min(Math.max(to, 0), many - 1);
      link.pin(k, null, true);
      const place = f.lines[0].getBoundingClientRect();
      hint({ clientX: place.left, clientY: place.top }, link.words(k));
    });
    select();
  };

  // Letters in tens, each on its residue's colour.
  const spell = () => {
    const own = data.models[view.model].errors;
    letters.innerHTML = data.chains.map(({ id, first, count }, place) => {
      const tens = Array.from({ length: Math.ceil(count / 10) }, (_, ten) => {
        const each = Array.from({ length: Math.min(10, count - 10 * ten) }, (_, k) => {
          const at = first + 10 * ten + k, [r, g, b] = colour.of('error', own[at] / link.bright);
          return `<i data-k="${at}" style="background:rgb(${Math.round(r)} ${Math.round(g)} ${Math.round(b)});color:${.3 * r + .59 * g + .11 * b > 118 ? '#14181b' : '#fff'}">${residues[at].letter}</i>`;
        });
        return `<span><small>${10 * ten + 1}</small>${each.join('')}</span>`;
      });
      return `<h3><i class="swatch bar${place % 2}"></i>chain ${base.escaped(id)}</h3><p>${tens.join('')}</p>`;
    }).join('');
  };
  const over = (event) => event.target.dataset && event.target.dataset.k !== undefined ? Number(event.target.dataset.k) : null;
  letters.addEventListener('pointermove', (event) => {
    const k = over(event);
    link.select(k);
    if (k === null) unhint(); else hint(event, link.words(k));
  });
  letters.addEventListener('pointerdown', (event) => {
    const k = over(event);
    link.pin(k);
    if (k !== null) hint(event, link.words(k));
  });
  letters.addEventListener('pointerleave', link.leave);

  let lit = [];
  const select = () => {
    const own = [view.at, view.other];
    f.lines.forEach((line, n) => {
      const k = own[n];
      line.style.display = k === null ? 'none' : '';
      if (k === null) return;
      line.setAttribute('x', f.x(k) + f.each / 2 - Math.max(f.each, 3) / 2);
      line.setAttribute('width', Math.max(f.each, 3));
    });
    const k = view.at ?? 0;
    f.svg.setAttribute('aria-valuenow', k + 1);
    f.svg.setAttribute('aria-valuetext', `${link.full(k)}, ${data.models[view.model].errors[k].toFixed(2)} Å`);
    lit.forEach((letter) => letter.classList.remove('lit'));
    lit = own.filter((k) => k !== null).map((k) => letters.querySelector(`[data-k="${k}"]`)).filter(Boolean);
    lit.forEach((letter) => letter.classList.add('lit'));
  };
  colour.legend(byId('errorscale'), 'error', link.bright, link.bright < link.highest ? 'Å or more' : 'Å');
  return { draw, model: () => { spell(); draw(); }, select };
};
