// Package sqltable is what the kinds share that write into tables of databases, and read them. Rows of a sink wait on disk (package stage)
// until their commit is durable, and then go into the table in one transaction, which also notes the number of the commit. So a
// commit that comes again, since nobody knows whether it was carried out, does nothing. What is special to one database
// is behind [Database], which package sqltabletest holds to its contract. [Look] is what a lookup is told of a table before the run.
package sqltable
