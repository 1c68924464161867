"""A load judged: proposals made, stored as a change set, and told."""
