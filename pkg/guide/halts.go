package guide

const (
	reset   = "stop floe, then `floe job reset`: a new log begins and everything is loaded again"
	stopped = "Capture placed nothing behind this; the log and the target stay true up to it. Slot, publication and log were not touched."
	before  = "The applier made everything before this place true, and nothing of it. Its checkpoint stands where it stood."
)

var halts = []Page{
	{"slot-missing", Halt, "The job's replication slot is gone from the source though the log has a position: somebody dropped it, or the source is a promoted standby that never had it.",
		stopped + " No new slot is made: it would begin behind changes that nobody has.", reset},
	{"slot-ahead", Halt, "The slot stands behind the log's end: somebody advanced it, or dropped it and made one of the same name. The changes between both places, which the message names, are not in the log.",
		stopped, reset},
	{"wal-lost", Halt, "The source invalidated the slot: it kept more WAL than max_slot_wal_keep_size allows, or was idle beyond idle_replication_slot_timeout. What was written behind the place that the message names is gone.",
		stopped, reset + ". Before that raise the limit, or keep capture's outages shorter (precheck S-SLOT-WAL-LIMIT, metric floe_slot_retained_bytes)"},
	{"wal-undecodable", Halt, "The source's server ends the stream with an internal error (SQLSTATE XX000), at the same place each time: it cannot decode its own WAL for the slot. Known of PostgreSQL is `could not map filenode`, of a table that VACUUM FULL, CLUSTER or the like wrote anew while the slot was being made. One that comes once or twice passes, and is source-refused.",
		stopped, reset + ". Such commands are best kept away while the job starts"},
	{"source-changed", Halt, "The server at the source's address is another cluster than the one that the log was written from: its system identifier differs.",
		stopped + " Of the other server nothing was read but who it is.", "correct the source's address; floe then goes on by itself. If the new server is meant, " + reset},
	{"source-rewound", Halt, "The source is older than what the log already holds: it was restored from a backup, or it is a standby that was promoted before it had everything. The message names the place from which on both differ.",
		stopped + " The target keeps what the source no longer has.", "bring the right server back; floe then goes on by itself. If the older state is meant, " + reset},
	{"publication-changed", Halt, "The publication is not the one that floe made: it, one of its tables or one kind of change was taken out, perhaps put back since. What was written meanwhile is in no message.",
		stopped, reset + "; if the message names an ALTER PUBLICATION, that suffices"},
	{"structure-changed", Halt, "A table changed its shape in a way that cannot be followed from the log: under ddl: off any change, else one that the target cannot make, or one made while capture could not see its rows.",
		"What stands before the change is on the target, nothing behind it.", "make the same change on target tables that floe did not make, where the message says so; else stop floe and `floe job reset`: it drops the tables that it made, and the next start makes and loads them anew"},
	{"topic-reset", Halt, "A topic of the job was deleted, or deleted and made again: its id, or its end, is not the one that the ledger knows.",
		"Neither service read or wrote anything in it. The target stays as it is.", reset},
	{"log-gap", Halt, "Records that the ledger points at are not in the log: retention, deletion of records, or a broker that lost what it had acknowledged. The message names topic, partition and offsets.",
		before + " Nothing is read from another place instead.", reset + ". Before that see to the topics' retention (precheck B-RETENTION)"},
	{"ledger-rewritten", Halt, "At the place where the target stands the ledger holds another entry than the one that was applied.",
		before, "find who wrote to the ledger, or put the right broker back; else " + reset},
	{"foreign-record", Halt, "A record of the job's topics is not floe's, or was damaged: its checksum, its header or its form does not fit. The message names topic and offset.",
		before + " The record is not stepped over.", "find who writes to the topic and take the right away; " + reset},
	{"schema-mismatch", Halt, "One schema id stands for two schemas: a registry was emptied or restored, or a record lies about its schema.",
		before, "restore the registry, or " + reset},
	{"registry-refused", Halt, "The schema registry answered, and refuses a schema: its compatibility rule, its rights, or its mode.",
		"Capture placed no row of the new schema. Rows before it are in the log.", "set the subject's compatibility to NONE or BACKWARD, or grant the right that the message names; capture then goes on by itself"},
	{"target-mismatch", Halt, "The target knows nothing of the job, but of others, though the log says that the applier has applied to it: the database was restored from, or exchanged with, another job's.",
		"The applier changed nothing on the target.", "correct the target's address; floe then goes on by itself. If the database is meant for this job, " + reset},
	{"target-table-exists", Halt, "The target has tables of the names that the job would make, and on_existing is block.",
		"Nothing was made and no row of the target was changed.", "rename or drop them, map the names (objects.mapping), or set on_existing: proceed"},
	{"target-table-missing", Halt, "A table, or a column of its key, that rows are for is not on the target: it was dropped or renamed, or could not be made.",
		before, "create it as the source has it, or let floe make it (init.structure); the applier then goes on by itself"},
	{"constraint-violation", Halt, "The target refuses a change: a constraint, trigger or type that only the target has, or a row of the target's own in its way. The message names table, key, place and SQLSTATE.",
		"The transactions before it are on the target; it and all later ones wait, whole. Nothing was left out.",
		"change what stands in the way; floe then goes on by itself (`floe errors retry` says at once whether). Or leave it out: `floe errors skip POSITION --reason WHY`, the transaction or the one change; that is written in the log and in floe.skipped on the target, and shown until the table is loaded again"},
	{"filter-refused", Halt, "The source cannot evaluate a row filter of the job, or a change lacks the old values that the filter needs; or the job's list of columns leaves out one that rows are told apart by, or is another one than that of the log.",
		stopped, "mend objects.filters in the job file and start floe again; where the message says so, give the table REPLICA IDENTITY FULL"},
	{"text-undecodable", Halt, "The source's database is SQL_ASCII, and bytes of a row are no text of the encoding that source.encoding names, or hold signs that the server cannot tell from its own. The message names table, column and key.",
		stopped, "correct source.encoding and start floe again; or correct the row at the source, stop floe, then `floe job reset`: what the WAL has of it stays as it is"},
	{"disk-full", Halt, "A disk is full: that of the embedded broker (5 % are kept free), or of the server that the message names.",
		"Nothing was acknowledged that is not on disk, and nothing dropped. Where a database or Kafka says so, the service is RETRYING.", "free space there; floe then goes on by itself"},
}
