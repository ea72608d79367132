// Package bench measures runs of pipelines: how fast, at what cost of processor time and memory, and where the time went.
//
// A run that is measured has a process of its own, which calls [Run] and leaves a [Once]; so its memory and its start are its
// own too. The parent process starts one after the other by [Child], in turn with the limit that they are compared with
// ([Wc]), feeds the sockets of a pipeline ([Sender]), sees its lines come out ([Delays]), and sums up in a [Result].
package bench
