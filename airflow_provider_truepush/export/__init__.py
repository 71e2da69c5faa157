"""Export statistics: fetch them and write them to a database or to files. The transfer operators share this."""
