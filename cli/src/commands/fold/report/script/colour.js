// Colours of numbers, by scales whose lightness only rises or only falls: what is more looks more, to every eye and in
// grey.
const colour = (() => {
  const scales = {
    error: ['#3f53b8', '#8741b2', '#cb4679', '#ee7b51', '#fcc04a'],
    distance: ['#fde725', '#7ad151', '#22a884', '#2a788e', '#414487', '#440154'],
  };
  const numbers = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
  const known = Object.fromEntries(Object.entries(scales).map(([name, stops]) => [name, stops.map(numbers)]));
  // Red, green and blue up to 255, of a number from 0 to 1.
  const of = (name, part) => {
    const stops = known[name], at = Math.min(Math.max(part, 0), 1) * (stops.length - 1);
    const below = Math.min(Math.floor(at), stops.length - 2), rest = at - below;
    return stops[below].map((low, k) => low + rest * (stops[below + 1][k] - low));
  };
  const words = (name, part) => `rgb(${of(name, part).map(Math.round).join(' ')})`;
  const strip = (name) => `linear-gradient(90deg, ${scales[name].join(', ')})`;
  // A colour of the style, which is another one in the dark.
  const named = (name) => numbers(getComputedStyle(document.documentElement).getPropertyValue(name).trim());

  // A whole step of an axis that has about so many of them.
  const step = (most, about) => {
    const rough = most / about, size = 10 ** Math.floor(Math.log10(rough));
    return size * [1, 2, 5, 10].find((n) => n * size >= rough * .999);
  };
  // Residues between two numbers of an axis on which so many have so much room.
  const every = (count, room) => Math.max(1, Math.round(step(count, Math.max(2, room / 46))));
  // A scale's strip with its numbers, into an element of the page.
  const legend = (box, name, most, unit) => {
    const apart = step(most, 4), marks = [];
    for (let n = 0; n <= most * 1.0001; n += apart) marks.push(`<i style="left:${100 * n / most}%">${Number(n.toFixed(2))}</i>`);
    box.innerHTML = `<b style="background:${strip(name)}"></b><span>${marks.join('')}</span><em>${unit}</em>`;
  };
  return { of, words, named, step, every, legend };
})();
