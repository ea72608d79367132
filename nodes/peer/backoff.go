package peer

import "flowrun/dag/retry"

// Backoff is retry.Backoff.
type Backoff = retry.Backoff
