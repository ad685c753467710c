"""What is judged, by domain; each turns facts from drivers into one sentence of judgement."""
