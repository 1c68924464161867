"""Where staging and master differ, found by the database and read for the policies."""
