// Package lines is what the sources that read lines share: [Input] reads bytes so that the end of the run interrupts it,
// and [Reader] cuts them into lines and decodes them into batches of a bounded size.
package lines
