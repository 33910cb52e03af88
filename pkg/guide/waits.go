package guide

const again = "It tries again with growing pauses."

var waits = []Page{
	{"source-unreachable", Waits, "The source does not answer, or the connection to it broke.", again + " The source keeps its WAL for the slot meanwhile.", "see that the server runs and is reachable; watch its disk while it keeps WAL"},
	{"source-shutting-down", Waits, "The source is shutting down, or an administrator ended the session.", again, "none, once the server is back"},
	{"source-starting", Waits, "The source is starting, or in crash recovery.", again, "none"},
	{"source-busy", Waits, "The source has no connection free, or a lock or a serialization conflict was in the way.", again, "raise max_connections or end idle sessions, if it lasts"},
	{"source-read-only", Waits, "The source takes no writes: it is a standby, or default_transaction_read_only is on.", again, "name the primary as the source, or turn the setting off for floe's user"},
	{"source-refused", Waits, "The source refuses a statement for a reason that floe does not know.", again, "look the SQLSTATE in the message up; if it is none of the server's setting, it is a bug worth reporting"},
	{"target-unreachable", Waits, "The target does not answer, or the connection to it broke.", again + " The log keeps what comes.", "see that the server runs and is reachable"},
	{"target-shutting-down", Waits, "The target is shutting down, or an administrator ended the session.", again, "none, once the server is back"},
	{"target-starting", Waits, "The target is starting, or in crash recovery.", again, "none"},
	{"target-busy", Waits, "The target has no connection free, or a deadlock, a lock or a serialization conflict was in the way.", again + " The transaction that it hit was rolled back whole.", "find who holds the lock, if it lasts"},
	{"target-read-only", Waits, "The target takes no writes: it is a standby, or default_transaction_read_only is on.", again, "make the target writable; floe then goes on by itself"},
	{"target-refused", Waits, "The target refuses a statement for a reason that floe does not know.", again, "look the SQLSTATE in the message up; if it is none of the server's setting, it is a bug worth reporting"},
	{"auth-failed", Waits, "A server refuses the user, the password, or a right that the message names.", again + " Passwords are read anew at each connect.", "correct the user or its password, or grant what the message names; floe then goes on by itself"},
	{"broker-unreachable", Waits, "Kafka does not answer, or a partition has no leader.", again + " Capture reads no further and acknowledges nothing to the source; the applier keeps what it has.", "see that the brokers run and are reachable"},
	{"broker-refused", Waits, "Kafka refuses a request for good, for example a record above its limit.", again + " The record is in no ledger entry, so it is not in the log.", "set what the message names (message.max.bytes, quotas)"},
	{"registry-unreachable", Waits, "The schema registry does not answer.", "Capture waits with rows whose schema is new; what has its schema goes on.", "see that the registry runs and is reachable"},
	{"log-full", Waits, "The embedded broker's log is at its cap, and nothing of it may be deleted: an applier has not applied it.", "Capture reads no further, between two transactions; the source keeps its WAL.", "see to it that every applier of the job runs, or start the broker with a larger --log-cap"},
	{"internal", Waits, "Something that floe has no name for.", again, "report it, with `floe diag`"},
}
