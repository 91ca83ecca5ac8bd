"""The heart: what is counted, what is billed, what is written and when. Imports neither Azure nor HTTP nor sign-in code."""
