"""The tables, as numbered migrations, and what a change of the rules does to older ledgers."""
