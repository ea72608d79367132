// Package sqltable is what the sinks that write into tables of a database have in common: rows wait on disk (package stage) until
// their commit is durable, and then go into the table in one transaction, which also notes the number of the commit. So a
// commit that comes again, since nobody knows whether it was carried out, does nothing. What is special to one database
// is behind [Database].
package sqltable
