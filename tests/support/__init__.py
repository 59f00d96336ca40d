"""What the tests share: a browser, databases. Real things only; nothing here stands in for the product's own code."""
