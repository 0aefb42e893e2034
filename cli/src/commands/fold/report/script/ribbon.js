// A backbone as a surface: a tube along the alpha carbons, flat with an arrow's head where it runs as a strand, flat where it
// winds as a helix.
const ribbon = (() => {
  const PER = 8, SIDES = 12;
  const TUBE = [.3, .3], STRAND = [1.05, .2], HEAD = [1.75, .2], HELIX = [1.15, .24];
  const sub = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const mix = (a, b, t) => a.map((x, k) => x + t * (b[k] - x));
  const unit = (a) => { const l = Math.hypot(...a) || 1; return a.map((x) => x / l); };
  const apart = (a, b) => Math.hypot(...sub(a, b));
  const point = (list, k) => [list[3 * k], list[3 * k + 1], list[3 * k + 2]];

  // Strands (`s`), helices (`h`) and the rest (`c`) from distances between alpha carbons and the turn of four of them
  // (Labesse et al. 1997).
  const course = (ca) => {
    const near = (k, by, low, high) => ca[k + by] !== undefined && apart(ca[k], ca[k + by]) >= low && apart(ca[k], ca[k + by]) <= high;
    const turn = (k) => {
      if (k < 1 || !ca[k + 2]) return NaN;
      const [u, v, w] = [sub(ca[k], ca[k - 1]), sub(ca[k + 1], ca[k]), sub(ca[k + 2], ca[k + 1])];
      const [n, m] = [cross(u, v), cross(v, w)];
      return Math.atan2(dot(cross(n, m), unit(v)), dot(n, m)) * 180 / Math.PI;
    };
    const kind = ca.map((_, k) => {
      const t = turn(k);
      if (near(k, 2, 6.1, 7.4) && near(k, 3, 9, 10.9) && (Math.abs(t) > 125 || Number.isNaN(t))) return 's';
      if (near(k, 2, 5, 6) && near(k, 3, 4.8, 5.9) && t > 30 && t < 75) return 'h';
      return 'c';
    });
    // What begins at a residue reaches over the next ones; short pieces are none.
    const grown = kind.map((own, k) => own !== 'c' ? own : kind[k - 1] !== undefined && kind[k - 1] !== 'c' ? kind[k - 1] : kind[k - 2] === 's' ? 's' : 'c');
    for (let from = 0, to; from < grown.length; from = to) {
      for (to = from + 1; grown[to] === grown[from];) to++;
      if (to - from < (grown[from] === 'h' ? 5 : 4)) grown.fill('c', from, to);
    }
    return grown;
  };

  // One chain, added to a surface.
  const chain = (mesh, ca, sides, first) => {
    const kinds = course(ca), last = ca.length - 1;
    const end = (k) => kinds[k] === 's' && kinds[k + 1] !== 's';
    // A strand's pleats are taken out: its arrow is to be flat.
    const path = ca.map((p, k) => kinds[k] === 's' && k > 0 && k < last ? mix(p, mix(ca[k - 1], ca[k + 1], .5), .5) : p);
    let before = null;
    const across = sides.map((side, k) => {
      const along = sub(path[Math.min(k + 1, last)], path[Math.max(k - 1, 0)]);
      let own = unit(cross(unit(along), cross(side, unit(along))));
      if (before && dot(own, before) < 0) own = own.map((x) => -x);
      return before = own;
    });
    const soft = across.map((own, k) => unit(mix(own, mix(across[Math.max(k - 1, 0)], across[Math.min(k + 1, last)], .5), .5)));
    const size = (k) => kinds[k] === 's' ? STRAND : kinds[k] === 'h' ? HELIX : TUBE;
    const rings = Math.max(last * PER, 1);
    const start = mesh.position.length / 3;
    for (let ring = -1; ring <= rings + 1; ring++) {
      const at = Math.min(Math.max(ring / PER, 0), last), k = Math.min(Math.floor(at), Math.max(last - 1, 0)), t = at - k;
      const [a, b, c, d] = [path[Math.max(k - 1, 0)], path[k], path[Math.min(k + 1, last)], path[Math.min(k + 2, last)]];
      const spot = b.map((_, i) => .5 * (2 * b[i] + (c[i] - a[i]) * t + (2 * a[i] - 5 * b[i] + 4 * c[i] - d[i]) * t * t + (3 * b[i] - a[i] - 3 * c[i] + d[i]) * t ** 3));
      const way = unit(b.map((_, i) => .5 * (c[i] - a[i] + 2 * (2 * a[i] - 5 * b[i] + 4 * c[i] - d[i]) * t + 3 * (3 * b[i] - a[i] - 3 * c[i] + d[i]) * t * t)));
      const flat = mix(soft[k], soft[Math.min(k + 1, last)], t), tilt = dot(flat, way);
      const side = unit(flat.map((x, i) => x - tilt * way[i])), up = cross(way, side);
      // The head of an arrow is the way from a strand's last residue but one to its last.
      const ease = t * t * (3 - 2 * t);
      let [wide, thick] = end(k + 1) && k + 1 <= last ? mix(HEAD, TUBE, t) : mix(end(k) ? TUBE : size(k), size(Math.min(k + 1, last)), ease);
      const cap = ring < 0 ? -1 : ring > rings ? 1 : 0;
      if (cap) wide = thick = 0;
      for (let s = 0; s < SIDES; s++) {
        const [cos, sin] = [Math.cos(2 * Math.PI * s / SIDES), Math.sin(2 * Math.PI * s / SIDES)];
        const normal = cap ? way.map((x) => cap * x) : unit(side.map((x, i) => x * cos * thick + up[i] * sin * wide));
        for (let i = 0; i < 3; i++) {
          mesh.position.push(spot[i] + wide * cos * side[i] + thick * sin * up[i] + (cap ? cap * .15 * way[i] : 0));
          mesh.normal.push(normal[i]);
        }
        mesh.residue.push(first + at);
      }
      if (!cap) mesh.spine.push({ spot, at: first + at, joined: ring > 0 });
    }
    for (let ring = 0; ring < rings + 2; ring++) {
      for (let s = 0; s < SIDES; s++) {
        const [a, b] = [start + ring * SIDES + s, start + ring * SIDES + (s + 1) % SIDES];
        mesh.index.push(a, b, a + SIDES, b, b + SIDES, a + SIDES);
      }
    }
  };

  // The surface of a model, around a centre.
  return (model, chains, centre) => {
    const mesh = { position: [], normal: [], residue: [], index: [], spine: [], at: [] };
    for (const { first, count } of chains) {
      const each = Array.from({ length: count }, (_, k) => first + k);
      const ca = each.map((k) => sub(point(model.ca, k), centre));
      mesh.at.push(...ca);
      chain(mesh, ca, each.map((k) => point(model.side, k)), first);
    }
    return mesh;
  };
})();
