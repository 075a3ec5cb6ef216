// Builds ../static from src: `npm ci && node build.mjs [folder]`. The result is committed;
// a test rebuilds it and compares bytes.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const out = resolve(process.argv[2] ?? join(here, '..', 'static'))
const common = { bundle: true, minify: true, legalComments: 'none', charset: 'ascii', absWorkingDir: here }

await build({ ...common, entryPoints: ['src/main.js'], outfile: join(out, 'page.js'), format: 'iife', target: 'es2022' })
await build({ ...common, entryPoints: ['src/page.css'], outfile: join(out, 'page.css'), target: ['chrome110', 'firefox115', 'safari16'] })
writeFileSync(join(out, 'LICENSE.three'), readFileSync(join(here, 'node_modules/three/LICENSE')))
for (const [file, end] of [['page.js', '</script'], ['page.css', '</style']]) {
  if (readFileSync(join(out, file), 'utf8').toLowerCase().includes(end)) {
    throw new Error(`${file} holds ${end}> and would close its own element`)
  }
}
