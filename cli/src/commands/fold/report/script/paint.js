// Two painters of a surface: by the graphics processor, and with plain strokes where there is none to be had. A camera is
// { turn, scale, eye, reach }: rows of a rotation, pixels for one Å at the centre, the distance to the eye, and how far the
// surface reaches.
const paint = (() => {
  const CORNER = `#version 300 es
    in vec3 position, normal, tint;
    uniform mat3 turn; uniform vec2 scale; uniform float eye, reach, swell;
    out vec3 facing, own; out float near;
    void main() {
      vec3 p = turn * (position + swell * normal);
      facing = turn * normal; own = tint; near = p.z / reach;
      float w = 1.0 - p.z / eye;
      gl_Position = vec4(p.xy * scale, -.5 * near * w, w);
    }`;
  const DOT = `#version 300 es
    precision highp float;
    in vec3 facing, own; in float near;
    uniform vec3 ground; uniform float swell;
    out vec4 seen;
    void main() {
      vec3 n = normalize(facing);
      float light = .5 + .5 * dot(n, normalize(vec3(-.35, .55, .85)));
      float shine = pow(max(dot(n, normalize(vec3(-.2, .35, 1.0))), 0.0), 24.0);
      vec3 lit = swell > 0.0 ? own * .28 : own * (.42 + .68 * light * light) + .16 * shine;
      float far = smoothstep(.55, -1.05, near);
      seen = vec4(mix(lit, ground, .68 * far), 1.0);
    }`;

  const solid = (canvas) => {
    const gl = canvas.getContext('webgl2', { antialias: true, alpha: false });
    if (!gl) return null;
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, CORNER], [gl.FRAGMENT_SHADER, DOT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return null;
    gl.useProgram(program);
    const uniform = Object.fromEntries(['turn', 'scale', 'eye', 'reach', 'swell', 'ground'].map((name) => [name, gl.getUniformLocation(program, name)]));
    const buffers = Object.fromEntries(['position', 'normal', 'tint', 'index'].map((name) => [name, gl.createBuffer()]));
    const set = (name, numbers) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);
      gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(numbers), gl.STATIC_DRAW);
      const place = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, 3, gl.FLOAT, false, 0, 0);
    };
    let count = 0;
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.CULL_FACE);
    return {
      shape: (mesh) => {
        set('position', mesh.position);
        set('normal', mesh.normal);
        gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers.index);
        gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, new Uint32Array(mesh.index), gl.STATIC_DRAW);
        count = mesh.index.length;
      },
      // Red, green and blue up to 255 of a residue's number, which may lie between two.
      tint: (mesh, of) => set('tint', mesh.residue.flatMap((at) => of(at).map((x) => x / 255))),
      draw: ({ turn, scale, eye, reach }, ground) => {
        const [wide, high] = [canvas.width, canvas.height];
        gl.viewport(0, 0, wide, high);
        const [r, g, b] = ground.map((x) => x / 255);
        gl.clearColor(r, g, b, 1);
        gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
        const ratio = wide / (canvas.clientWidth || 1);
        gl.uniformMatrix3fv(uniform.turn, true, turn.flat());
        gl.uniform2f(uniform.scale, 2 * scale * ratio / wide, 2 * scale * ratio / high);
        gl.uniform1f(uniform.eye, eye);
        gl.uniform1f(uniform.reach, reach);
        gl.uniform3f(uniform.ground, r, g, b);
        // First the inner faces of a slightly larger surface, dark: what is left of them is an outline.
        for (const [swell, hidden] of [[.14, gl.FRONT], [0, gl.BACK]]) {
          gl.cullFace(hidden);
          gl.uniform1f(uniform.swell, swell);
          gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_INT, 0);
        }
      },
    };
  };

  const strokes = (canvas) => {
    const pen = canvas.getContext('2d');
    if (!pen) return null;
    let spine = [], tints = [];
    return {
      shape: (mesh) => { spine = mesh.spine; },
      tint: (mesh, of) => { tints = mesh.spine.map(({ at }) => of(at)); },
      draw: ({ turn, scale, eye, reach }, ground) => {
        const ratio = canvas.width / (canvas.clientWidth || 1), [x, y] = [canvas.width / 2, canvas.height / 2];
        const seen = spine.map(({ spot }) => {
          const [a, b, c] = turn.map((row) => row[0] * spot[0] + row[1] * spot[1] + row[2] * spot[2]), by = scale * ratio / (1 - c / eye);
          return { x: x + a * by, y: y - b * by, z: c, by };
        });
        const order = spine.map((_, k) => k).filter((k) => spine[k].joined).sort((a, b) => seen[a].z - seen[b].z);
        pen.fillStyle = `rgb(${ground.join(' ')})`;
        pen.fillRect(0, 0, canvas.width, canvas.height);
        for (const k of order) {
          const fog = .68 * Math.min(Math.max((.55 - seen[k].z / reach) / 1.6, 0), 1);
          for (const [wide, dark] of [[1.25, .3], [.9, 1]]) {
            pen.strokeStyle = `rgb(${tints[k].map((n, i) => Math.round(n * dark * (1 - fog) + ground[i] * fog)).join(' ')})`;
            pen.lineWidth = wide * seen[k].by;
            // An outline with round ends would cross the piece before.
            pen.lineCap = dark < 1 ? 'butt' : 'round';
            pen.beginPath();
            pen.moveTo(seen[k - 1].x, seen[k - 1].y);
            pen.lineTo(seen[k].x, seen[k].y);
            pen.stroke();
          }
        }
      },
    };
  };
  return (canvas) => solid(canvas) || strokes(canvas);
})();
