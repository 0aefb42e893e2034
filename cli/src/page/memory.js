// The memory of a plan over its steps: what is alive when, the arena, and beside them one moment in full. Below, the
// program as written.
const memory = (D) => {
  const { byId, bytes, round, time, share, escaped, svgOf, ticks, hint, unhint } = base;

  // Bytes alive at each moment, by kind.
  const live = (count, values) => {
    const kinds = D.kinds.map(() => new Float64Array(count + 1));
    for (const v of values) {
      kinds[v.kind][v.first] += v.bytes;
      kinds[v.kind][v.last + 1] -= v.bytes;
    }
    kinds.forEach((line) => line.forEach((_, k) => { if (k) line[k] += line[k - 1]; }));
    return kinds.map((line) => line.subarray(0, count));
  };
  const align = (n) => Math.ceil(n / 64) * 64;
  const slots = D.slots.map(([name, kind, offset, size, first, last, writers]) => ({ name, kind, offset, bytes: align(size), size, first, last, writers }));
  const values = D.naive.values.map(([name, kind, size, first, last]) => ({ name, kind, bytes: size, size, first, last }));
  // A buffer is called after what it holds: what was last written to it.
  const nameAt = (value, at) => {
    const writer = value.writers && value.writers.findLast(([k]) => k <= at);
    // An operation that is several at once is written `first + second`, one for each result.
    return writer && D.moments[writer[0]] ? D.moments[writer[0]][0].split(' + ')[writer[1]] : value.name;
  };
  // Ever shorter names: without the stack, then without the outer fields.
  const labels = (name) => {
    const fields = name.replace(/^.*\{\}\./, '').split('.');
    return fields.map((_, k) => fields.slice(k).join('.'));
  };
  const program = (own, operations, count) => {
    const kinds = live(count, own);
    const total = Array.from({ length: count }, (_, k) => D.weights + kinds.reduce((sum, line) => sum + line[k], 0));
    let peak = 0;
    total.forEach((sum, k) => { if (sum > total[peak]) peak = k; });
    return { own, operations, count, kinds, total, peak };
  };
  const planned = program(slots, D.moments.map((m) => m[0]), Math.max(D.moments.length, 1));
  planned.peak = D.peak;
  planned.times = D.moments.length ? D.moments.map((m) => m[3]) : [0];
  const written = program(values, D.naive.operations, D.naive.operations.length);
  const state = { width: 'step', together: written.total[written.peak] < 4 * planned.total[planned.peak], at: planned.peak, of: planned };

  // Where each moment begins, between 0 and 1.
  const edges = (of) => {
    const timed = state.width === 'time' && of.times && D.time > 0;
    let sum = 0;
    const list = [0];
    for (let k = 0; k < of.count; k++) list.push(sum += timed ? of.times[k] : 1);
    return list.map((x) => x / (sum || 1));
  };

  const runs = (count, of) => {
    const list = [];
    for (let k = 0; k < count; k++) {
      const last = list[list.length - 1];
      if (last && last.of === of(k)) last.to = k + 1;
      else list.push({ of: of(k), from: k, to: k + 1 });
    }
    return list.filter((run) => run.of !== undefined);
  };

  // The frame of a picture: axes, scales, and the moment under a pointer.
  const frame = (id, of, most, high) => {
    const box = byId(id);
    box.textContent = '';
    const wide = Math.max(box.clientWidth, 260), left = wide < 500 ? 58 : 70, right = 6, top = 16;
    const svg = svgOf('svg', { viewBox: `0 0 ${wide} ${high}`, height: high, role: 'slider', tabindex: 0, 'aria-valuemin': 1, 'aria-valuemax': of.count }, box);
    const at = edges(of), bottom = high - (of === planned && id === 'planned' ? 40 : 12);
    const x = (edge) => left + at[edge] * (wide - left - right);
    const y = (n) => bottom - (n / (most || 1)) * (bottom - top);
    const f = { svg, of, wide, left, right, top, bottom, x, y };
    for (const tick of ticks(most)) {
      svgOf('line', { class: 'grid', x1: left, x2: wide - right, y1: y(tick), y2: y(tick) }, svg);
      svgOf('text', { x: left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, svg, round(tick));
    }
    f.moment = (event) => {
      const place = svg.getBoundingClientRect(), where = (event.clientX - place.left) * wide / place.width;
      let low = 0, end = of.count - 1;
      while (low < end) {
        const middle = (low + end) >> 1;
        if (x(middle + 1) <= where) low = middle + 1; else end = middle;
      }
      return low;
    };
    svg.addEventListener('pointermove', (event) => show(of, f.moment(event)));
    svg.addEventListener('pointerdown', (event) => show(of, f.moment(event)));
    svg.addEventListener('keydown', (event) => {
      const here = state.of === of ? state.at : of.peak;
      const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: of.count - 1, PageUp: here - 10, PageDown: here + 10, p: of.peak, P: of.peak }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      show(of, Math.min(Math.max(to, 0), of.count - 1));
    });
    return f;
  };
  const frames = {};

  // Bytes alive as stacked steps.
  const areas = (f, layers) => {
    const { of, x, y, svg } = f;
    const under = new Float64Array(of.count);
    for (const [name, line] of layers) {
      let there = '', back = '';
      let some = false;
      for (let k = 0; k < of.count; k++) {
        const low = under[k], up = low + (typeof line === 'number' ? line : line[k]);
        if (up > low) some = true;
        const [a, b] = [x(k).toFixed(1), x(k + 1).toFixed(1)];
        there += `${k ? 'L' : 'M'}${a} ${y(up).toFixed(1)}H${b}`;
        back = `L${b} ${y(low).toFixed(1)}H${a}` + back;
        under[k] = up;
      }
      if (some) svgOf('path', { class: `area ${name}`, d: `${there}${back}Z` }, svg);
    }
  };
  const line = (f, n, name, words, below) => {
    svgOf('line', { class: name, x1: f.left, x2: f.wide - f.right, y1: f.y(n), y2: f.y(n) }, f.svg);
    if (words) svgOf('text', { class: `halo ${name === 'limit' ? 'limit' : 'strong'}`, x: f.wide - f.right - 4, y: f.y(n) + (below ? 13 : -5), 'text-anchor': 'end' }, f.svg, words);
  };
  const cursor = (f) => {
    f.here = svgOf('rect', { class: 'here', y: f.top, height: f.bottom - f.top }, f.svg);
    f.cursor = svgOf('line', { class: 'cursor', y1: f.top, y2: f.bottom }, f.svg);
    f.cursor.style.pointerEvents = f.here.style.pointerEvents = 'none';
  };
  const peakMark = (f) => {
    const at = (f.x(f.of.peak) + f.x(f.of.peak + 1)) / 2, y = f.y(f.of.total[f.of.peak]);
    svgOf('path', { class: 'peak', d: `M${at - 5} ${y - 10}h10l-5 8z` }, f.svg);
  };

  const drawMemory = () => {
    const high = planned.total[planned.peak], other = written.total[written.peak], top = D.weights + D.arena;
    const budget = D.budget !== null && D.budget < 2.5 * top ? D.budget : null;
    const own = Math.max(top, budget || 0), both = Math.max(own, other);
    const layers = (of) => [['weights', D.weights], ...D.kinds.map((name, k) => [name, of.kinds[k]])];
    {
      const f = frames.planned = frame('planned', planned, (state.together ? both : own) * 1.06, 300);
      areas(f, layers(planned));
      const close = budget !== null && f.y(top) - f.y(budget) < 17;
      line(f, top, 'height', D.moments.length > 1 ? `peak ${bytes(top)}` : '', close);
      if (budget !== null) line(f, budget, 'limit', `budget ${bytes(budget)}`, false);
      peakMark(f);
      // Below the steps: the loops around them, then the sub-modules.
      const deep = Math.max(0, ...D.moments.map((m) => m[5].length));
      for (let depth = 0; depth < Math.min(deep, 4); depth++) {
        for (const run of runs(D.moments.length, (k) => D.moments[k][5][depth])) {
          const bar = svgOf('rect', { class: 'nest', x: f.x(run.from) + .5, width: Math.max(f.x(run.to) - f.x(run.from) - 1, 1), y: f.bottom + 4 + 4 * depth, height: 3, rx: 1 }, f.svg);
          svgOf('title', {}, bar, `for ${D.loops[run.of]}`);
        }
      }
      runs(D.moments.length, (k) => D.moments[k][1]).forEach((run) => {
        const name = D.modules[run.of].split('.').pop(), [from, to] = [f.x(run.from), f.x(run.to)];
        svgOf('line', { class: 'grid', x1: from, x2: from, y1: f.top, y2: f.bottom + 34 }, f.svg);
        const fits = Math.floor((to - from - 6) / 5.9);
        if (fits >= Math.min(name.length, 5)) {
          svgOf('text', { x: from + 4, y: f.bottom + 32 }, f.svg, name.length > fits ? `${name.slice(0, fits - 1)}…` : name);
        }
      });
      cursor(f);
    }
    {
      const f = frames.written = frame('written', written, (state.together ? both : other) * 1.06, 220);
      areas(f, layers(written));
      if (state.together) line(f, top, 'height', `the plan’s peak ${bytes(top)}`, false);
      const place = (f.x(written.peak) + f.x(written.peak + 1)) / 2, left = place < f.wide / 2;
      svgOf('text', { class: 'strong halo', x: place + (left ? 9 : -9), y: f.y(other) - 3, 'text-anchor': left ? 'start' : 'end' }, f.svg, bytes(other));
      peakMark(f);
      cursor(f);
    }
    {
      const f = frames.arena = frame('arena', planned, D.arena * 1.02, 280);
      svgOf('rect', { class: 'back', x: f.left, width: f.wide - f.left - f.right, y: f.y(D.arena), height: f.bottom - f.y(D.arena) }, f.svg);
      f.rects = slots.map((slot) => {
        const [from, to] = [f.x(slot.first), f.x(slot.last + 1)], tall = f.y(slot.offset) - f.y(slot.offset + slot.bytes);
        const rect = svgOf('rect', { class: `buffer ${D.kinds[slot.kind]}`, x: from.toFixed(1), width: Math.max(to - from, .5).toFixed(1), y: f.y(slot.offset + slot.bytes).toFixed(1), height: Math.max(tall, .4).toFixed(1) }, f.svg);
        rect.addEventListener('pointermove', (event) => {
          const until = `steps ${slot.first + 1} to ${slot.last + 1}`;
          hint(event, `<b>${escaped(nameAt(slot, f.moment(event)))}</b><span>${bytes(slot.size)}, ${D.kinds[slot.kind]}</span><span>at byte ${slot.offset.toLocaleString('en')}, alive in ${until}</span>`);
          light(f, slot);
        });
        rect.addEventListener('pointerleave', () => { unhint(); light(f, null); });
        const name = tall > 13 ? labels(nameAt(slot, slot.last)).find((label) => to - from > 5.6 * label.length + 9) : undefined;
        if (name) svgOf('text', { class: 'inside', x: from + 5, y: f.y(slot.offset) - tall / 2 + 3.5 }, f.svg, name);
        return rect;
      });
      cursor(f);
    }
    show(state.of, state.at);
  };
  const light = (f, slot) => f.rects.forEach((rect, k) => rect.classList.toggle('lit', slots[k] === slot));

  // What is alive at a moment, beside the pictures.
  const show = (of, at) => {
    state.of = of;
    state.at = at;
    const operation = of.operations[at] || 'nothing runs';
    for (const f of Object.values(frames)) {
      const on = f.of === of;
      f.here.style.display = f.cursor.style.display = on ? '' : 'none';
      const place = on ? at : f.of.peak;
      f.svg.setAttribute('aria-valuenow', place + 1);
      f.svg.setAttribute('aria-valuetext', `step ${place + 1}: ${f.of.operations[place] || 'nothing'}, ${bytes(f.of.total[place])}`);
      if (!on) continue;
      const [from, to] = [f.x(at), f.x(at + 1)];
      f.here.setAttribute('x', from);
      f.here.setAttribute('width', Math.max(to - from, 1));
      f.cursor.setAttribute('x1', (from + to) / 2);
      f.cursor.setAttribute('x2', (from + to) / 2);
    }
    const alive = of.own.filter((v) => v.first <= at && at <= v.last && v.bytes > 0).sort((a, b) => b.bytes - a.bytes);
    const largest = Math.max(D.weights, alive.length ? alive[0].bytes : 0, 1);
    const tail = (name) => labels(name).find((label) => label.length < 27) || `…${name.slice(-25)}`;
    const item = (name, kind, size) => `<li class="${kind}" style="--share:${(100 * size / largest).toFixed(1)}%" title="${escaped(name)}: ${kind}, ${size} bytes"><i class="swatch ${kind}"></i><span class="name">${escaped(tail(name))}</span><span class="number">${bytes(size)}</span></li>`;
    const most = 12, rest = alive.slice(most);
    const moment = of === planned ? D.moments[at] : undefined;
    const what = moment ? `${D.kernels[moment[2]]}, ${time(moment[3])} (${share(moment[3], D.time)})` : of === written ? 'as written' : '';
    const nest = moment ? moment[5].map((k) => `<p class="nestwords">for ${escaped(D.loops[k])}</p>`).join('') : '';
    byId('alive').innerHTML = `<div class="when"><span>step ${at + 1} of ${of.count}${at === of.peak ? ' · the peak' : ''}</span><div><button type="button" data-go="-1" aria-label="one step back">‹</button><button type="button" data-go="0">peak</button><button type="button" data-go="1" aria-label="one step on">›</button></div></div>
      <h3>${escaped(operation).replaceAll('.', '.<wbr>')}</h3><p class="what">${what}</p>${nest}<p class="sum">${bytes(of.total[at])}</p>
      <ol>${D.weights ? item('weights', 'weights', D.weights) : ''}${alive.slice(0, most).map((v) => item(nameAt(v, at), D.kinds[v.kind], v.size)).join('')}</ol>${rest.length ? `<div class="more">and ${rest.length} more, ${bytes(rest.reduce((sum, v) => sum + v.bytes, 0))}</div>` : ''}`;
  };
  byId('alive').addEventListener('click', (event) => {
    const go = event.target.dataset.go;
    if (go === undefined) return;
    const to = go === '0' ? state.of.peak : Math.min(Math.max(state.at + Number(go), 0), state.of.count - 1);
    show(state.of, to);
    byId('alive').querySelector(`[data-go="${go}"]`).focus();
  });

  document.querySelectorAll('[data-width]').forEach((button) => button.addEventListener('click', () => {
    state.width = button.dataset.width;
    document.querySelectorAll('[data-width]').forEach((b) => b.setAttribute('aria-pressed', b === button));
    drawMemory();
  }));
  byId('scale').setAttribute('aria-pressed', state.together);
  byId('scale').addEventListener('click', () => {
    state.together = !state.together;
    byId('scale').setAttribute('aria-pressed', state.together);
    drawMemory();
  });
  return drawMemory;
};
