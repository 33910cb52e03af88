package catalog

// Comment is what COMMENT ON says of an object, or of a part of it: one of its columns, a domain's check,
// the index behind a constraint, or what the server makes of itself for a relation.
type Comment struct {
	Column string `json:"column,omitempty"`
	Check  string `json:"check,omitempty"`
	Index  bool   `json:"index,omitempty"`
	// Part is such a one as COMMENT ON calls it, and Name its own: the CONSTRAINT of a foreign table, the TRIGGER that a
	// partition has of its parent, the RULE that is a view, the SEQUENCE of an identity, a row's TYPE.
	Part string `json:"part,omitempty"`
	Name string `json:"name,omitempty"`
	Text string `json:"text"`
}

// Grant is a privilege that differs from what the object has by itself: one that somebody beside its
// owner was given, or one of PUBLIC's own that was revoked.
type Grant struct {
	Column    string `json:"column,omitempty"`
	Role      string `json:"role,omitempty"` // empty for PUBLIC
	Privilege string `json:"privilege"`
	Grantable bool   `json:"grantable,omitempty"`
	Revoked   bool   `json:"revoked,omitempty"`
}
