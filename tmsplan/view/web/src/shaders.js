// One Phong shader for everything, with the lights and materials of view/look.py: the sums are
// VTK's (ambient + diffuse + specular in display colours), so page and pictures look alike.
import { Color, DataTexture, DoubleSide, FrontSide, NearestFilter, ShaderMaterial, Vector2, Vector3, Vector4 } from 'three'

const VERTEX = `
varying vec3 vNormal; varying vec3 vEye; varying vec3 vPlace;
#ifdef PAINTED
attribute vec3 rgb; varying vec3 vRgb;
#endif
#ifdef CORTEX
attribute float z; attribute float light; varying float vZ; varying float vLight;
#endif
void main() {
  vec4 eye = modelViewMatrix * vec4(position, 1.);
  vNormal = normalMatrix * normal; vEye = eye.xyz; vPlace = position;
#ifdef PAINTED
  vRgb = rgb;
#endif
#ifdef CORTEX
  vZ = z; vLight = light;
#endif
  gl_Position = projectionMatrix * eye;
}`

const FRAGMENT = `
uniform vec3 lightAt[4]; uniform vec3 lightRgb[4];
uniform vec3 flatRgb; uniform vec4 phong; uniform float opacity;
varying vec3 vNormal; varying vec3 vEye; varying vec3 vPlace;
#ifdef PAINTED
varying vec3 vRgb;
#endif
#ifdef CORTEX
varying float vZ; varying float vLight;
uniform sampler2D table; uniform vec3 shadow; uniform vec3 low; uniform vec3 high;
uniform float limit; uniform float threshold; uniform vec2 fade; uniform float kept; uniform vec4 spread;
vec3 painted(vec3 bare) {
  float size = abs(vZ);
  float a = smoothstep(fade.x * threshold, fade.y * threshold, size);
  vec3 over = texture2D(table, vec2(clamp(vZ / limit / 2. + .5, 0., 1.) * 255. / 256. + .5 / 256., .5)).rgb;
  vec3 base = bare / mix(shadow, vec3(1.), vLight);
  float lit = vLight + (1. - vLight) * kept * a;
  vec3 rgb = mix(base, over, a) * mix(shadow, vec3(1.), lit);
  float line = 1. - smoothstep(.6, 1.5, abs(size - threshold) / max(fwidth(vZ), 1e-5));
  rgb = mix(rgb, vZ < 0. ? low : high, .85 * line);
  float ring = abs(distance(vPlace, spread.xyz) - spread.w);
  return mix(rgb, vec3(.24, .15, .0), spread.w > 0. ? .85 * (1. - smoothstep(.5, .85, ring)) : 0.);
}
#endif
#ifdef SCALP
uniform vec3 middle; uniform vec3 right; uniform vec3 midline; uniform vec3 glass; uniform bool solid;
uniform mat4 coilFromHead; uniform vec4 wings; uniform bool coilOn;
float coilShadow() {
  vec3 p = (coilFromHead * vec4(vPlace, 1.)).xyz;
  vec2 r = vec2(distance(p.xy, vec2(-wings.x, 0.)), distance(p.xy, vec2(wings.x, 0.)));
  vec2 o = max(max(r - wings.z, wings.y - r), 0.);
  float below = max(p.z / 22., 0.);
  return 1. - .45 * exp(-pow(min(o.x, o.y) / 8., 2.) - below * below) * step(-wings.w, p.z);
}
#endif
void main() {
  vec3 n = normalize(vNormal), eye = normalize(-vEye);
#ifdef BOTH
  if (!gl_FrontFacing) n = -n;
#endif
  vec3 rgb = flatRgb; float alpha = opacity;
#ifdef PAINTED
  rgb = vRgb;
#endif
#ifdef CORTEX
  rgb = painted(rgb);
#endif
#ifdef SCALP
  if (solid) { if (coilOn) rgb *= coilShadow(); }
  else { rgb = flatRgb; alpha = glass.x + glass.y * pow(1. - clamp(abs(dot(n, eye)), 0., 1.), glass.z); }
#endif
  vec3 seen = phong.x * rgb;
  for (int i = 0; i < 4; i++) {
    seen += phong.y * max(dot(n, lightAt[i]), 0.) * lightRgb[i] * rgb;
    seen += phong.z * pow(max(dot(reflect(-lightAt[i], n), eye), 0.), phong.w) * lightRgb[i];
  }
#ifdef SCALP
  float mid = 1. - smoothstep(.5, 1.1, abs(dot(vPlace - middle, right)));
  seen = mix(seen, midline, .7 * mid); alpha = max(alpha, .55 * mid);
#endif
  gl_FragColor = vec4(min(seen, 1.), alpha);
}`

const rgbOf = (hex) => new Color(hex)
const phongOf = (m) => new Vector4(m.ambient, m.diffuse, m.specular, m.power)

export function makeMaterials({ lights, cortex, overlay, glass, materials, contours, midline }, colours) {
  const shared = {
    lightAt: { value: lights.map((l) => new Vector3(...l.position).normalize()) },
    lightRgb: { value: lights.map((l) => { const c = rgbOf(l.colour); return new Vector3(c.r, c.g, c.b).multiplyScalar(l.intensity) }) },
  }
  const make = (defines, uniforms, extra) => new ShaderMaterial({
    defines, uniforms: { ...shared, flatRgb: { value: new Color(1, 1, 1) }, opacity: { value: 1 }, ...uniforms },
    vertexShader: VERTEX, fragmentShader: FRAGMENT, ...extra,
  })
  const plain = (name) => make({ BOTH: 1 }, { flatRgb: { value: rgbOf(materials[name].colour) }, phong: { value: phongOf(materials[name]) } }, { side: DoubleSide })
  return {
    plain,
    tinted: (hex) => make({ BOTH: 1 }, { flatRgb: { value: rgbOf(hex) }, phong: { value: phongOf(materials.marker) } }, { side: DoubleSide }),
    cortex: make({ PAINTED: 1, CORTEX: 1 }, {
      phong: { value: phongOf(cortex.material) },
      table: { value: tableOf(colours) },
      shadow: { value: new Color(...cortex.shadow) },
      low: { value: rgbOf(contours.low) }, high: { value: rgbOf(contours.high) },
      limit: { value: overlay.limit }, threshold: { value: overlay.threshold },
      fade: { value: new Vector2(...overlay.fade) }, kept: { value: overlay.keptInShade },
      spread: { value: new Vector4() },
    }, { side: FrontSide }),
    scalp: (head, coil) => make({ PAINTED: 1, SCALP: 1 }, {
      flatRgb: { value: new Color(...glass.rgb) },
      phong: { value: phongOf(glass.material) },
      glass: { value: new Vector3(glass.centre, glass.rim, glass.power) },
      middle: { value: new Vector3(...head.middle) }, right: { value: new Vector3(...head.right) },
      midline: { value: rgbOf(midline) }, solid: { value: false },
      coilFromHead: { value: null }, coilOn: { value: false },
      wings: { value: new Vector4(coil.wing_x, coil.casing_radii[0], coil.casing_radii[1], coil.thickness) },
    }, { side: FrontSide, transparent: true, depthWrite: false }),
    phong: { glass: phongOf(glass.material), skin: phongOf(materials.skin) },
  }
}

function tableOf({ table, entries }) {
  const rgba = new Uint8Array(4 * entries)
  for (let i = 0; i < entries; i++) rgba.set([table[3 * i], table[3 * i + 1], table[3 * i + 2], 255], 4 * i)
  const texture = new DataTexture(rgba, entries, 1)
  texture.magFilter = texture.minFilter = NearestFilter
  texture.needsUpdate = true
  return texture
}
