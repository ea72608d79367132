package file

// Names are the files that are there to be read, in the order in which they are read.
func (c Config) Names() ([]string, error) {
	files, err := list(c.Path)
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.path
	}
	return names, err
}
