export function SignedOut({ spent }: { spent: boolean }) {
  return (
    <main className="flex min-h-full items-center justify-center p-6">
      <div className="card max-w-md p-8">
        <Logo />
        <h1 className="mt-5 text-lg font-semibold">{spent ? "This link was used before" : "Sign in to Podium"}</h1>
        <p className="mt-2 text-muted">
          {spent
            ? "A sign-in link works once, for five minutes. Get a new one in a terminal on the machine where Podium runs:"
            : "Podium has no passwords. In a terminal on the machine where it runs:"}
        </p>
        <pre className="mt-4 rounded-lg bg-sunken px-4 py-3 font-mono" tabIndex={0}>podium open</pre>
        <p className="mt-4 text-faint">It opens this page, signed in as you.</p>
      </div>
    </main>
  );
}

export function Logo() {
  return (
    <span className="flex items-center gap-2 font-semibold">
      <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" className="fill-accent" />
        <path d="M7 22h18M10 22v-6h5v6M17 22V10h5v12" fill="none" stroke="#fff" strokeWidth="2.4" strokeLinejoin="round" strokeLinecap="round" />
      </svg>
      Podium
    </span>
  );
}
