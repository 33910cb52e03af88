// Package ui shows the console to a real browser: Chromium, headless, asked by its DevTools. The job is
// real too: `floe dev` between two servers. A lane of its own: `make e2e-ui`.
//
//   - What a person does is done as one does it: links are followed, fields typed into, buttons pressed.
//   - Every page is looked at in both languages, both themes and three widths: nothing overflows, every
//     text can be read against its ground, every control has a name, and the browser has no complaint.
//   - FLOE_SHOTS=DIR keeps a picture of each.
package ui
