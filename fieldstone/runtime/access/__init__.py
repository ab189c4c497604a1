"""Who stands where and what is shared with whom: roles of people, teams, shares of records."""
