package live

// Topology is the graph of a run, as it was built.
type Topology struct {
	Pipeline    string `json:"pipeline"`
	Description string `json:"description,omitempty"`
	File        string `json:"file"`
	Where       string `json:"where"`   // "local", or the address of a remote run
	Trigger     string `json:"trigger"` // as in the file: "asap", "2s"
	Nodes       []Node `json:"nodes"`   // in file order
	Edges       []Edge `json:"edges"`
}

// Role is a node's part in the graph.
type Role string

// The roles.
const (
	Source    Role = "source"
	Transform Role = "transform"
	Sink      Role = "sink"
)

// Node is a node of the graph.
type Node struct {
	ID          string `json:"id"`
	Kind        string `json:"kind"`
	Role        Role   `json:"role"`
	Description string `json:"description,omitempty"`
	Detail      string `json:"detail,omitempty"`    // the one thing to know: "localhost:1100", `status == "ok"`
	Promise     string `json:"promise,omitempty"`   // of a sink, short: "at-least-once", "prints by epoch"
	Streaming   bool   `json:"streaming,omitempty"` // of a source: it does not end by itself
	Place       string `json:"place,omitempty"`     // file:line:column
	Lanes       int    `json:"lanes,omitempty"`     // in how many lanes it runs, or a source decodes, where that is more than one
	Sharable    bool   `json:"sharable,omitempty"`  // it has one lane, and could share its rows out to more
	// Inputs are the schemas of its inputs, Outputs of its outputs, the main one ("") first. A sink has no output.
	Inputs  []Schema `json:"inputs,omitempty"`
	Outputs []Schema `json:"outputs,omitempty"`
}

// Schema is the schema of one output.
type Schema struct {
	Output  string   `json:"output"` // "", "rejected"
	Mode    string   `json:"mode"`   // "rows", "updates", "complete"
	Columns []Column `json:"columns"`
	Tree    []string `json:"tree"`              // Spark's printSchema, line by line, "root" first
	Changes []string `json:"changes,omitempty"` // against the input: "+ n: long", "- raw", "~ temp: string → double", "~ celsius: was temp"
}

// Column is a column of a schema.
type Column struct {
	Name     string `json:"name"`
	Type     string `json:"type"` // flowrun's word: "int", "list<string>"
	Nullable bool   `json:"nullable"`
	Number   bool   `json:"number"` // right-aligned in tables
	// Unread: no node reads it. Then it need not be built, and a null in it says nothing.
	Unread bool `json:"unread,omitempty"`
}

// Edge leads from an output to an input.
type Edge struct {
	ID       string `json:"id"` // "from.output->to.port", stable within the run
	From     string `json:"from"`
	Output   string `json:"output"`
	To       string `json:"to"`
	Port     int    `json:"port"`
	Capacity int    `json:"capacity"`          // batches that fit in its queue; 0 where it has none
	Chained  bool   `json:"chained,omitempty"` // the two nodes run in one goroutine, or together in each lane, without a queue between them
}
