"""The words of the product: frozen values, states, rules and errors. No input or output happens here."""
