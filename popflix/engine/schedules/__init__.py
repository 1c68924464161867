"""When units are started by themselves: `cadence` says when, `checking` what may be stored."""
