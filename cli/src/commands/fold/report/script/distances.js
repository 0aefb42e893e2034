// How far the alpha carbons of any two residues are apart, as a map.
const distances = (link) => {
  const { byId, svgOf, hint, unhint } = base;
  const { data, residues, view } = link;
  const box = byId('distances'), many = residues.length;
  const paper = document.createElement('canvas'), canvas = document.createElement('canvas');
  paper.width = paper.height = many;
  canvas.setAttribute('aria-hidden', 'true');
  // One scale for all models.
  let most = 1;
  data.models.forEach((_, model) => residues.forEach((_, a) => { for (let b = 0; b < a; b++) most = Math.max(most, link.apart(a, b, model)); }));
  most = Math.ceil(most / 5) * 5;

  const paint = () => {
    const pen = paper.getContext('2d'), image = pen.createImageData(many, many);
    for (let a = 0; a < many; a++) {
      for (let b = 0; b < many; b++) {
        const at = 4 * (a * many + b);
        image.data.set(colour.of('distance', link.apart(a, b) / most), at);
        image.data[at + 3] = 255;
      }
    }
    pen.putImageData(image, 0, 0);
  };

  let f = null;
  const draw = () => {
    box.textContent = '';
    const left = 40, bottom = 26, wide = Math.max(box.clientWidth, 240), side = wide - left - 4, high = side + bottom + 4;
    const ratio = Math.min(devicePixelRatio || 1, 2.5);
    canvas.width = canvas.height = Math.round(side * ratio);
    canvas.style.cssText = `left:${left}px;top:4px;width:${side}px;height:${side}px`;
    const pen = canvas.getContext('2d');
    pen.imageSmoothingEnabled = false;
    pen.drawImage(paper, 0, 0, canvas.width, canvas.height);
    const svg = svgOf('svg', { viewBox: `0 0 ${wide} ${high}`, height: high, role: 'slider', tabindex: 0, 'aria-label': 'distance of two residues', 'aria-valuemin': 0, 'aria-valuemax': most }, null);
    box.append(canvas, svg);
    const each = side / many, x = (k) => left + k * each, y = (k) => 4 + k * each;
    data.chains.forEach(({ id, first, count }, place) => {
      const apart = colour.every(count, count * each);
      // The next chain's letter has the end to itself.
      for (let n = apart; n <= count - 14 / each; n += apart) {
        const spot = (first + n - .5) * each;
        svgOf('text', { x: left + spot, y: side + 19, 'text-anchor': 'middle' }, svg, n);
        svgOf('text', { x: left - 11, y: 4 + spot + 4, 'text-anchor': 'end' }, svg, n);
      }
      svgOf('rect', { class: `bar${place % 2}`, x: x(first), width: count * each, y: side + 5, height: 3 }, svg);
      svgOf('rect', { class: `bar${place % 2}`, x: left - 5, width: 3, y: y(first), height: count * each }, svg);
      svgOf('text', { class: 'strong', x: x(first) + 2, y: side + 19 }, svg, id);
      svgOf('text', { class: 'strong', x: left - 11, y: y(first) + 10, 'text-anchor': 'end' }, svg, id);
      if (!first) return;
      svgOf('line', { class: 'edge', x1: x(first), x2: x(first), y1: 4, y2: 4 + side }, svg);
      svgOf('line', { class: 'edge', x1: left, x2: left + side, y1: y(first), y2: y(first) }, svg);
    });
    const bar = () => svgOf('rect', { class: 'cross' }, svg);
    f = { svg, x, y, each, side, left, row: bar(), column: bar(), spot: svgOf('circle', { class: 'spot', r: 6 }, svg) };
    const under = (event) => {
      const place = svg.getBoundingClientRect(), by = wide / place.width;
      const [b, a] = [Math.floor(((event.clientX - place.left) * by - left) / each), Math.floor(((event.clientY - place.top) * by - 4) / each)];
      return a >= 0 && b >= 0 && a < many && b < many ? [b, a] : [null, null];
    };
    svg.addEventListener('pointermove', (event) => {
      const [a, b] = under(event);
      link.select(a, b);
      if (a === null) unhint(); else hint(event, pair(a, b));
    });
    svg.addEventListener('pointerdown', (event) => {
      const [a, b] = under(event);
      link.pin(a, b);
      if (a !== null) hint(event, pair(a, b));
    });
    svg.addEventListener('pointerleave', link.leave);
    svg.addEventListener('keydown', (event) => {
      const by = event.shiftKey ? 10 : 1;
      const step = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] }[event.key];
      if (!step) return;
      event.preventDefault();
      const within = (k) => Math.min(Math.max(k, 0), many - 1), from = view.at ?? 0;
      const [a, b] = [within(from + step[0]), within((view.other ?? from) + step[1])];
      link.pin(a, b, true);
      const place = f.spot.getBoundingClientRect();
      hint({ clientX: place.left, clientY: place.top }, pair(a, b));
    });
    select();
  };
  const pair = (a, b) => `<b>${link.apart(a, b).toFixed(1)} Å</b><span>${base.escaped(link.full(a))}</span><span>${base.escaped(link.full(b))}</span>`;

  // One residue is its row and its column; of two, the one's column and the other's row.
  const select = () => {
    const { at, other } = view;
    const put = (bar, k, row) => {
      bar.style.display = k === null ? 'none' : '';
      if (k === null) return;
      const thick = Math.max(f.each, 1.5), spot = (row ? f.y(k) : f.x(k)) + f.each / 2 - thick / 2;
      const own = row ? { x: f.left, y: spot, width: f.side, height: thick } : { x: spot, y: 4, width: thick, height: f.side };
      for (const name in own) bar.setAttribute(name, own[name]);
    };
    put(f.column, at, false);
    put(f.row, other ?? at, true);
    f.spot.style.display = at === null || other === null ? 'none' : '';
    if (at === null) return;
    f.spot.setAttribute('cx', f.x(at) + f.each / 2);
    f.spot.setAttribute('cy', f.y(other ?? at) + f.each / 2);
    const far = link.apart(at, other ?? at);
    f.svg.setAttribute('aria-valuenow', far.toFixed(1));
    f.svg.setAttribute('aria-valuetext', `${link.full(at)} and ${link.full(other ?? at)}: ${far.toFixed(1)} Å`);
  };
  colour.legend(byId('distancescale'), 'distance', most, 'Å');
  return { draw, model: () => { paint(); draw(); }, select };
};
