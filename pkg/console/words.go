package console

// checkItems are what the prechecks look at, in words, by their codes.
var checkItems = map[string]string{
	"S-CONN": "connection to the source", "S-AUTH": "source account", "S-VERSION": "source version", "S-PRIMARY": "source is a primary", "S-WAL-LEVEL": "logical WAL",
	"S-SLOTS-FREE": "free replication slots", "S-SENDERS-FREE": "free WAL senders", "S-REPL-PRIV": "right to replicate", "S-READ-PRIV": "right to read", "S-PUBLICATION": "publication",
	"S-LONG-TXN": "long transactions", "S-PREPARED-TXN": "prepared transactions", "S-SLOT-WAL-LIMIT": "WAL a slot may keep", "S-FAILOVER": "switch of primaries", "S-HEARTBEAT": "heartbeat table",
	"S-EVENT-TRIGGER": "event triggers", "S-SETTINGS": "source settings", "T-CONN": "connection to the target", "T-OWNER": "rights on the target", "T-VERSION": "target version",
	"T-ENCODING": "encoding", "T-SPACE": "room on the target", "T-REPLICA-ROLE": "triggers held off", "T-CONTROL-SCHEMA": "floe's own schema", "O-SELECTION-EMPTY": "selection",
	"O-KEY": "keys", "O-REPLICA-IDENTITY": "replica identity", "O-UNLOGGED": "unlogged tables", "O-TYPES": "column types", "O-TARGET-EXISTS": "tables on the target",
	"O-TARGET-SHAPE": "shape of the target's tables", "O-MAPPING-CLASH": "renamed objects", "O-NAME-CASE": "case of names", "O-TRIGGER": "triggers of tables", "O-FK-OUTSIDE": "foreign keys to the outside",
	"O-DEPENDENCY": "dependencies", "O-KIND-UNSUPPORTED": "kinds of objects", "O-SEQUENCE": "sequences", "O-LARGE-OBJECT": "large objects", "O-ROW-WIDTH": "wide rows",
	"O-ROW-SECURITY": "row security", "O-COLLATION": "collations", "O-EXTENSION": "extensions", "O-ROLE": "roles", "O-FILTER": "filters",
	"B-CONN": "connection to Kafka", "B-TOPIC-PRIV": "rights on topics", "B-MAX-MESSAGE": "largest message", "B-RETENTION": "retention", "B-DURABILITY": "durability of the log",
	"B-EMBEDDED": "embedded log", "R-CONN": "schema registry", "H-CLOCK": "clocks", "H-LOAD": "load of this machine", "H-LIMITS": "limits of this machine",
}

// operations are what happened to a row, in words, by the letters of its topic.
var operations = map[string]string{"c": "insert", "u": "update", "d": "delete", "r": "load", "t": "truncate"}
