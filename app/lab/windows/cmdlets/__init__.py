"""The cmdlets of a simulated Windows node that the product's scripts use, with the parameters they use; any other is an error."""
