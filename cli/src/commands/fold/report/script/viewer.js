// The backbone in space: turned by dragging or the arrow keys, drawn only when something changed.
const viewer = (link) => {
  const { byId, svgOf, hint, unhint } = base;
  const { data, residues, view } = link;
  const canvas = byId('space'), marks = byId('marks');
  let painter = paint(canvas);
  if (!painter) {
    canvas.replaceWith('This browser draws nothing.');
    return { model: () => {}, select: () => {} };
  }
  const EYE = 5, STEP = Math.PI / 24;
  const minus = (a, b) => a.map((x, k) => x - b[k]);
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const unit = (a) => { const l = Math.hypot(...a) || 1; return a.map((x) => x / l); };
  const times = (a, b) => a.map((row) => [0, 1, 2].map((k) => row[0] * b[0][k] + row[1] * b[1][k] + row[2] * b[2][k]));
  const about = (axis, angle) => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    return axis === 'x' ? [[1, 0, 0], [0, c, -s], [0, s, c]] : axis === 'y' ? [[c, 0, s], [0, 1, 0], [-s, 0, c]] : [[c, -s, 0], [s, c, 0], [0, 0, 1]];
  };

  const best = data.models[data.chosen];
  const at = (k) => [0, 1, 2].map((i) => best.ca[3 * k + i]);
  // The mean place of residues, each with a weight.
  const mean = (of, weight) => {
    const sum = [0, 0, 0, 0];
    of.forEach((k) => { const w = weight(k); at(k).forEach((x, i) => { sum[i] += w * x; }); sum[3] += w; });
    return sum.slice(0, 3).map((x) => x / (sum[3] || 1));
  };
  const all = residues.map((_, k) => k), centre = mean(all, () => 1);
  const reach = Math.max(...all.map((k) => Math.hypot(...minus(at(k), centre)))) + 3;

  // At first what is expected to be off, the loops that bind, is up, and one chain beside the other.
  const front = () => {
    const up = unit(minus(mean(all, (k) => best.errors[k] ** 3), centre));
    const [one, two] = data.chains.map(({ first, count }) => mean(all.slice(first, first + count), () => 1));
    const far = all.reduce((a, b) => Math.hypot(...minus(at(b), centre)) > Math.hypot(...minus(at(a), centre)) ? b : a, 0);
    let side = two ? minus(two, one) : minus(at(far), centre);
    side = unit(minus(side, up.map((x) => x * dot(side, up))));
    return [side, up, cross(side, up)];
  };
  const start = front();
  const camera = { turn: start, zoom: 1, scale: 1, eye: EYE * reach, reach };
  let mesh, ground, moved = false, waiting = false;

  const tint = () => {
    const { errors } = data.models[view.model];
    const chains = ['--first', '--second'].map(colour.named);
    ground = colour.named('--surface');
    painter.tint(mesh, view.colours === 'chain'
      ? (k) => chains[residues[Math.round(k)].chain % 2]
      : (k) => {
        const low = Math.floor(k), high = Math.min(low + 1, errors.length - 1);
        return colour.of('error', (errors[low] + (k - low) * (errors[high] - errors[low])) / link.bright);
      });
  };

  // Where a place is on the canvas, in the page's pixels, and how near.
  const seen = (spot) => {
    const [x, y, z] = camera.turn.map((row) => dot(row, spot)), by = camera.scale / (1 - z / camera.eye);
    return { x: canvas.clientWidth / 2 + x * by, y: canvas.clientHeight / 2 - y * by, z };
  };
  const nearest = (event) => {
    const place = canvas.getBoundingClientRect(), [x, y] = [event.clientX - place.left, event.clientY - place.top];
    let found = null, least = event.pointerType === 'touch' ? 26 : 15;
    mesh.at.forEach((spot, k) => {
      const s = seen(spot), far = Math.hypot(s.x - x, s.y - y) - 5 * s.z / reach;
      if (far < least) { least = far; found = k; }
    });
    return found;
  };

  const label = (k, spot, more = '') => {
    const right = spot.x < canvas.clientWidth - 130;
    svgOf('text', { class: 'halo strong', x: spot.x + (right ? 12 : -12), y: spot.y - 10, 'text-anchor': right ? 'start' : 'end' }, marks, link.short(k) + more);
  };
  const mark = () => {
    marks.textContent = '';
    marks.setAttribute('viewBox', `0 0 ${canvas.clientWidth} ${canvas.clientHeight}`);
    // The chains' ends, a little beyond them.
    data.chains.forEach(({ first, count }, place) => {
      for (const [letter, k, before] of [['N', first, first + 1], ['C', first + count - 1, first + count - 2]]) {
        const beyond = unit(minus(mesh.at[k], mesh.at[count > 1 ? before : k])), s = seen(mesh.at[k].map((x, i) => x + 2.4 * beyond[i]));
        svgOf('text', { class: `end bar${place % 2}`, x: s.x, y: s.y + 4, 'text-anchor': 'middle', opacity: .7 + .3 * s.z / reach }, marks, letter);
      }
    });
    const own = [view.at, view.other].filter((k) => k !== null).map((k) => ({ k, ...seen(mesh.at[k]) }));
    if (own.length === 2) {
      const [a, b] = own;
      svgOf('line', { class: 'between', x1: a.x, y1: a.y, x2: b.x, y2: b.y }, marks);
      svgOf('text', { class: 'halo strong', x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 - 6, 'text-anchor': 'middle' }, marks, `${link.apart(a.k, b.k).toFixed(1)} Å`);
    }
    own.forEach((s) => { svgOf('circle', { class: 'spot', cx: s.x, cy: s.y, r: 7 }, marks); label(s.k, s); });
  };
  const draw = () => {
    waiting = false;
    const [wide, high] = [canvas.clientWidth, canvas.clientHeight], ratio = Math.min(devicePixelRatio || 1, 2.5);
    if (!wide || !high) return;
    const [x, y] = [Math.round(wide * ratio), Math.round(high * ratio)];
    if (canvas.width !== x || canvas.height !== y) [canvas.width, canvas.height] = [x, y];
    camera.scale = camera.zoom * .5 * Math.min(wide, high) * 1.12 / reach;
    painter.draw(camera, ground);
    mark();
  };
  const ask = () => { if (!waiting) { waiting = true; requestAnimationFrame(draw); } };

  const turn = (x, y, z = 0) => {
    camera.turn = times(about('x', y), times(about('y', x), times(about('z', z), camera.turn)));
    // Rounding would bend the axes in the end.
    const side = unit(camera.turn[0]), up = unit(minus(camera.turn[1], side.map((v) => v * dot(side, camera.turn[1]))));
    camera.turn = [side, up, cross(side, up)];
    ask();
  };
  const zoom = (by) => { camera.zoom = Math.min(Math.max(camera.zoom * by, .5), 12); ask(); };
  const reset = () => { camera.turn = start; camera.zoom = 1; ask(); };

  // Until it is touched it turns round once, for who does not know that it can be turned.
  const settle = () => { moved = true; };
  if (!matchMedia('(prefers-reduced-motion: reduce)').matches) {
    let begun = null;
    const go = (now) => {
      if (moved) return;
      begun ??= now;
      const part = Math.min((now - begun) / 30000, 1);
      camera.turn = times(about('y', 2 * Math.PI * part), start);
      draw();
      if (part < 1) requestAnimationFrame(go);
    };
    // Out of sight it waits.
    new IntersectionObserver((entries, observer) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      requestAnimationFrame(go);
    }).observe(canvas);
  }

  const fingers = new Map();
  let dragged = 0, scrolled = 0;
  addEventListener('scroll', () => { scrolled = performance.now(); }, { passive: true });
  canvas.addEventListener('pointerdown', (event) => {
    settle();
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    canvas.setPointerCapture(event.pointerId);
    if (fingers.size === 1) dragged = 0;
  });
  canvas.addEventListener('pointermove', (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) {
      settle();
      const found = nearest(event);
      link.select(found);
      if (found === null) unhint(); else hint(event, link.words(found));
      return;
    }
    const now = [event.clientX, event.clientY], [x, y] = minus(now, before);
    dragged += Math.abs(x) + Math.abs(y);
    if (dragged > 4) { unhint(); canvas.classList.add('held'); }
    if (fingers.size === 1) turn(x * .009, y * .009);
    else if (fingers.size === 2) {
      // Two fingers: apart and together is nearer and farther, around each other a turn of the picture.
      const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const [old, fresh] = [minus(before, other), minus(now, other)];
      zoom(Math.hypot(...fresh) / (Math.hypot(...old) || 1));
      turn(0, 0, Math.atan2(old[1], old[0]) - Math.atan2(fresh[1], fresh[0]));
    }
    fingers.set(event.pointerId, now);
  });
  const lift = (event) => {
    const tapped = fingers.delete(event.pointerId) && fingers.size === 0 && dragged <= 4 && event.type === 'pointerup';
    if (!fingers.size) canvas.classList.remove('held');
    if (!tapped) return;
    const found = nearest(event);
    link.pin(found);
    if (found === null) unhint(); else hint(event, link.words(found));
  };
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);
  canvas.addEventListener('pointerleave', link.leave);
  canvas.addEventListener('wheel', (event) => {
    // A page that is just being scrolled is not stopped by what comes under the pointer.
    if (performance.now() - scrolled < 300) return;
    event.preventDefault();
    settle();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? .05 : .0016)));
  }, { passive: false });
  canvas.addEventListener('dblclick', reset);
  canvas.addEventListener('keydown', (event) => {
    const keys = {
      ArrowLeft: () => turn(-STEP, 0), ArrowRight: () => turn(STEP, 0), ArrowUp: () => turn(0, -STEP), ArrowDown: () => turn(0, STEP),
      '+': () => zoom(1.15), '=': () => zoom(1.15), '-': () => zoom(1 / 1.15), '0': reset, Home: reset,
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    settle();
    keys[event.key]();
  });
  // A graphics processor may be taken away for a while.
  canvas.addEventListener('webglcontextlost', (event) => event.preventDefault());
  canvas.addEventListener('webglcontextrestored', () => { painter = paint(canvas); shape(); });
  new ResizeObserver(ask).observe(canvas);
  byId('reset').addEventListener('click', () => { settle(); reset(); });
  byId('save').addEventListener('click', () => {
    // What the graphics processor drew is at hand only until the next frame.
    draw();
    canvas.toBlob((blob) => {
      const link = document.createElement('a');
      link.download = `${document.querySelector('h1 b').textContent}.png`;
      link.href = URL.createObjectURL(blob);
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  });
  const shape = () => {
    mesh = ribbon(data.models[view.model], data.chains, centre);
    painter.shape(mesh);
    tint();
    ask();
  };
  shape();
  return { model: shape, colours: () => { tint(); ask(); }, select: ask };
};
