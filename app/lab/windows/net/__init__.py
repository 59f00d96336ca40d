"""The .NET types of a simulated Windows node that the product's scripts use, each member declared; any other is an error."""
