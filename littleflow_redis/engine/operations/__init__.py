"""What is done with workflows besides: repair, bulk actions, ends by hand."""
