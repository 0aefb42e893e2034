(() => {
  const { byId, bytes, round, time, share, svgOf, ticks, hint, unhint, redrawn } = base;
  const D = JSON.parse(byId('data').textContent);
  const drawMemory = memory(D);

  // Time against budget, as stairs: a budget between two points gets the plan of the lower.
  const drawCurve = () => {
    const box = byId('curve'), points = D.curve;
    box.textContent = '';
    const wide = Math.max(box.clientWidth, 260), high = wide < 500 ? 240 : 300, left = wide < 500 ? 58 : 70, right = 16, top = 22, bottom = high - 46;
    const svg = svgOf('svg', { viewBox: `0 0 ${wide} ${high}`, height: high, tabindex: 0, role: 'slider', 'aria-label': 'budget', 'aria-valuemin': 1, 'aria-valuemax': points.length }, box);
    const here = D.weights + D.arena, [first, last] = [points[0], points[points.length - 1]];
    const low = Math.max(Math.min(D.least, first[0]), 1) * .9, far = Math.max(last[0], D.budget !== null && D.budget < 2 * last[0] ? D.budget : 0) * 1.06 + 1;
    const steep = far / low > 6, scale = steep ? Math.log : (n) => n;
    const x = (n) => left + (scale(n) - scale(low)) / (scale(far) - scale(low)) * (wide - left - right);
    const [fast, slow] = [last[1], first[1]], room = Math.max(slow - fast, slow * .01, 1);
    const [least, most] = [Math.max(0, fast - room * .12), slow + room * .12];
    const y = (n) => bottom - (n - least) / (most - least) * (bottom - top);
    svgOf('rect', { class: 'closed', x: left, width: Math.max(x(first[0]) - left, 0), y: top - 10, height: bottom - top + 10 }, svg);
    const minutes = most >= 6e11;
    const steps = minutes ? [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1440, 14400].map((n) => n * 6e10) : [1, 2, 5, 10].map((n) => n * 10 ** Math.floor(Math.log10((most - least) / 5)));
    const step = steps.find((n) => (most - least) / n <= 5.5) || most - least;
    let label = '';
    for (let n = Math.ceil(least / step) * step; n <= most; n += step) {
      const before = label;
      label = minutes ? `${Math.round(n / 6e10)} min` : time(n);
      svgOf('line', { class: 'grid', x1: left, x2: wide - right, y1: y(n), y2: y(n) }, svg);
      svgOf('text', { x: left - 8, y: y(n) + 4, 'text-anchor': 'end' }, svg, label === before ? '' : label);
    }
    const spots = steep ? Array.from({ length: 60 }, (_, k) => 2 ** k).filter((n) => n > low && n < far) : ticks(far).filter((n) => n > low && n < far);
    const every = Math.ceil(spots.length * 74 / (wide - left));
    spots.forEach((n, k) => {
      svgOf('line', { class: 'axis', x1: x(n), x2: x(n), y1: bottom, y2: bottom + 4 }, svg);
      if (k % every === 0) svgOf('text', { x: x(n), y: bottom + 18, 'text-anchor': 'middle' }, svg, round(n));
    });
    svgOf('line', { class: 'axis', x1: left, x2: wide - right, y1: bottom, y2: bottom }, svg);
    svgOf('text', { x: (left + wide - right) / 2, y: high - 8, 'text-anchor': 'middle' }, svg, 'budget');
    let path = `M${x(first[0])} ${y(first[1])}`;
    points.slice(1).forEach(([n, t]) => { path += `H${x(n)}V${y(t)}`; });
    path += `H${wide - right}`;
    svgOf('path', { class: 'under', d: `${path}V${bottom}H${x(first[0])}Z` }, svg);
    svgOf('path', { class: 'curve', d: path }, svg);
    const mark = (n, words, name, row) => {
      if (n < low || n > far) return;
      svgOf('line', { class: name, x1: x(n), x2: x(n), y1: top - 10, y2: bottom }, svg);
      const end = x(n) > wide - 130;
      svgOf('text', { class: `halo ${name === 'limit' ? 'limit' : ''}`, x: x(n) + (end ? -5 : 5), y: top + 2 + 14 * row, 'text-anchor': end ? 'end' : 'start' }, svg, words);
    };
    mark(D.least, 'lower bound', 'height', 0);
    const tight = D.budget === first[0];
    if (!tight) mark(first[0], `smallest ${round(first[0])}`, 'height', 1);
    if (D.budget !== null) mark(D.budget, `budget ${round(D.budget)}${tight ? ', the smallest' : ''}`, 'limit', tight ? 1 : 2);
    const reached = points.findLastIndex((p) => p[0] <= here);
    const dot = svgOf('circle', { class: 'point', r: 4.5 }, svg);
    svgOf('circle', { class: 'ring', r: 5.5, cx: x(here), cy: y(D.time) }, svg);
    svgOf('text', { class: 'strong halo', x: x(here) + (x(here) > wide - 120 ? -10 : 10), y: y(D.time) + (y(D.time) < top + 44 ? 18 : -10), 'text-anchor': x(here) > wide - 120 ? 'end' : 'start' }, svg, 'this plan');
    let at = Math.max(reached, 0);
    const put = (k) => {
      at = Math.min(Math.max(k, 0), points.length - 1);
      dot.setAttribute('cx', x(points[at][0]));
      dot.setAttribute('cy', y(points[at][1]));
      svg.setAttribute('aria-valuenow', at + 1);
      svg.setAttribute('aria-valuetext', `${bytes(points[at][0])}: ${time(points[at][1])}`);
    };
    const words = (k) => {
      const [n, t] = points[k], more = t - D.time;
      const against = more === 0 ? 'as this plan' : `${more > 0 ? '+' : '−'}${time(Math.abs(more))}, ${more > 0 ? '+' : '−'}${share(Math.abs(more), D.time)}`;
      return `<b>${bytes(n)}</b><span>${time(t)} (${against})</span>`;
    };
    put(at);
    svg.addEventListener('pointermove', (event) => {
      const place = svg.getBoundingClientRect(), where = (event.clientX - place.left) * wide / place.width;
      put(points.findLastIndex((p) => x(p[0]) <= where + 1));
      hint(event, where < x(first[0]) - 1 ? `<b>no plan</b><span>the smallest budget met is ${bytes(first[0])}</span>` : words(at));
    });
    svg.addEventListener('pointerleave', unhint);
    svg.addEventListener('blur', unhint);
    svg.addEventListener('keydown', (event) => {
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: points.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      put(to);
      const place = dot.getBoundingClientRect();
      hint({ clientX: place.left, clientY: place.top }, words(at));
    });
  };

  document.querySelectorAll('[data-open]').forEach((button) => button.addEventListener('click', () => {
    document.querySelectorAll('.tree details').forEach((d) => { d.open = button.dataset.open === 'true'; });
  }));
  redrawn(() => { drawMemory(); drawCurve(); });
})();
